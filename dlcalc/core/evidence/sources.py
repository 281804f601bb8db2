"""The bibliography: the short names of the publications that formulas are taken from, and where to find them."""

GUIDE = "Dumoulin & Visin 2016"
FIELDS = "Araujo et al. 2019"
WAVENET = "van den Oord et al. 2016"

BIBLIOGRAPHY = {
    GUIDE: "A guide to convolution arithmetic for deep learning, https://arxiv.org/abs/1603.07285",
    FIELDS: "Computing Receptive Fields of Convolutional Neural Networks, https://doi.org/10.23915/distill.00021",
    WAVENET: "WaveNet: A Generative Model for Raw Audio, https://arxiv.org/abs/1609.03499",
}

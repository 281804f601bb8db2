"""What an answer may carry beside itself: an explanation, a proof, judged claims and the mistakes behind wrong ones."""

# The sources that formulas and explanations cite by these short names, and where to find each.
GUIDE = "Dumoulin & Visin 2016"
FIELDS = "Araujo et al. 2019"
WAVENET = "van den Oord et al. 2016"

BIBLIOGRAPHY = {
    GUIDE: "A guide to convolution arithmetic for deep learning, https://arxiv.org/abs/1603.07285",
    FIELDS: "Computing Receptive Fields of Convolutional Neural Networks, https://doi.org/10.23915/distill.00021",
    WAVENET: "WaveNet: A Generative Model for Raw Audio, https://arxiv.org/abs/1609.03499",
}

"""What an answer may carry beside itself: an explanation, a proof, judged claims and the mistakes behind wrong ones."""

# The short names by which formulas and explanations cite their sources.
GUIDE = "Dumoulin & Visin 2016"  # A guide to convolution arithmetic for deep learning, arXiv 1603.07285
FIELDS = "Araujo et al. 2019"  # Computing Receptive Fields of Convolutional Neural Networks, doi 10.23915/distill.00021
WAVENET = "van den Oord et al. 2016"  # WaveNet: A Generative Model for Raw Audio, arXiv 1609.03499

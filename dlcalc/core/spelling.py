"""A word that is nearly one of a known list: a slip of the fingers, or what the same thing is called elsewhere."""

import re
from collections.abc import Iterable

# What goes by several names, in PyTorch, Keras, ONNX, papers and speech; without case, hyphens, and the 2d of Conv2d.
_SAME_THING = (
    # layers
    "conv convolution convolutional",
    "convt transposed convtranspose transposedconv transposedconvolution deconv deconvolution tconv upconv",
    "dw depthwise depthwiseconv depthwiseconvolution dwconv",
    "sep separable separableconv sepconv depthwiseseparable dsconv",
    "max maxpool maxpooling maximum pool pooling",
    "avg avgpool avgpooling averagepool averagepooling average meanpool",
    "gap globalavgpool globalaveragepool globalaveragepooling globalavgpooling globalpool globalpooling",
    "aavg adaptiveavgpool adaptiveaveragepool adaptivepool",
    "amax adaptivemaxpool",
    "fc linear dense fullyconnected gemm",
    "bn batchnorm batchnormalization bnorm",
    "ln lnorm layernorm layernormalization",
    "gn groupnorm groupnormalization",
    "up upsample upsampling upscale interpolate resize",
    "shuffle pixelshuffle depthtospace",
    "unshuffle pixelunshuffle spacetodepth",
    "crop cropping",
    "leaky leakyrelu lrelu",
    "silu swish",
    "hardswish hswish",
    "hardsigmoid hsigmoid",
    "dropout droppath spatialdropout",
    "rep repeat",
    "add residual shortcut skip plus",
    "mul multiply times",
    "cat concat concatenate",
    # numbers of a layer, and of a question
    "padding pad zeropad zeropadding pads",
    "kernel kernelsize ksize filtersize kernelshape poolsize",
    "stride strides step",
    "dilation dilations dilationrate",
    "groups group",
    "c_in inchannels inputchannels inplanes",
    "c_out outchannels outputchannels filters outfeatures planes",
    "input inputsize",
    "label labels",
    # values
    "pytorch torch",
    "tensorflow keras tf",
    "onnx onnxruntime ort",
    "mean avg average",
    "float16 fp16 half f16",
    "bfloat16 bf16",
    "float32 fp32 float single f32",
    "float64 fp64 double f64",
    "same-upper sameupper",
    # keys of an answer
    "output outputsize outputshape out size shape",
    "params parameters numparams paramcount",
    "macs mac multadds multiplyaccumulates",
    "receptive_field receptivefield rf field",
    "jump effectivestride",
)
_CLOSE = 0.65  # by difflib's ratio: rellu, pytroch and conv-shap are
_CLOSE_TO_A_NAME = 0.8  # which none of the list is


def did_you_mean(typed: str, known: Iterable[str]) -> str | None:
    """Find the word of a list that is meant, by another case, name or spelling; None if there is none.

    >>> did_you_mean("pytroch", ["pytorch", "onnx"]), did_you_mean("BatchNorm2d", ["bn", "ln"])
    ('pytorch', 'bn')
    >>> did_you_mean("volume", ["pytorch", "onnx"]) is None
    True
    """
    from difflib import get_close_matches

    spelled: dict[str, str] = {}
    for word in known:
        spelled.setdefault(_plain(word), word)
    called: dict[str, str] = {}
    for names in map(str.split, _SAME_THING):
        meant = next((spelled[name] for name in map(_plain, names) if name in spelled), None)
        if meant is not None:
            called |= {_plain(name): meant for name in names}
    plain = _plain(typed[:_LONGEST])
    for words, close in ((spelled, 1.0), (called, 1.0), (spelled, _CLOSE), (called, _CLOSE_TO_A_NAME)):
        if found := get_close_matches(plain, words, 1, close):
            return words[found[0]]
    return None


def one_of(typed: object, known: Iterable[str]) -> str:
    """Write the hint for a word that is none of a list: the one that is meant, if it can be told, and a short list.

    >>> one_of("avg", ["none", "mean", "sum"])
    'did you mean mean? (one of none, mean, sum)'
    >>> one_of(7, ["none", "mean", "sum"])
    'one of none, mean, sum'
    """
    words = list(known)
    found = did_you_mean(typed, words) if isinstance(typed, str) else None
    listed = "one of " + ", ".join(words)
    if found is None:
        return listed
    return f"did you mean {found}?" + (f" ({listed})" if len(words) <= _FEW else "")


_LONGEST = 60  # characters that are looked at
_FEW = 8  # words, which a hint has room for


def _plain(word: str) -> str:
    """Write a word without what does not matter: case, hyphens and underlines, and the 2d of a class's name."""
    return re.sub(r"(?<=[a-z])[123]d$", "", word.lower().replace("-", "").replace("_", "").strip())

"""A word that is nearly one of a known list: a slip of the fingers, or what the same thing is called elsewhere."""

import re
from collections.abc import Iterable, Iterator, Sequence

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
    "size inputsize imagesize imgsize inputshape imageshape resolution input image",
    "n batchsize samples",
    "bias usebias",
    "no-bias nobias biasfree",
    "quiet silent",
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
    "target outputsize",
    "params parameters numparams paramcount",
    "grad_logits grad gradient gradients dlogits logitsgrad",
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


def other_orders(word: str, heads: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the name and the numbers of a layer word in another order: a k before the kernel, or as in papers.

    >>> [list(other_orders(word, ["conv", "max"])) for word in ("c64k3s2", "conv3-64", "fc-4096", "2x2maxpool")]
    [[('', '3c64s2')], [('conv', '3c64')], [('fc', '4096')], [('maxpool', '2x2')]]
    """
    if kernel := re.search(r"k=?(\d+(?:x\d+)*)", word):
        before, behind = word[: kernel.start()], word[kernel.end() :]
        head = next((head for head in heads if before.startswith(head)), "")
        others = before.removeprefix(head)
        if not others[:1].isdigit():  # which would be a kernel already
            yield head, kernel[1] + others + behind
    if paper := re.fullmatch(r"([a-z]+?)(\d+(?:x\d+)*)?[-_](\d+)", word):
        yield paper[1], f"{paper[2]}c{paper[3]}" if paper[2] else paper[3]
    if turned := re.fullmatch(r"(\d+(?:x\d+)*)[-_ ]?([a-z]{2,}(?:-[a-z]+)?)", word):
        yield turned[2], turned[1]


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

"""The fields of images, as the files that they are: those that were sent here, and no others."""

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
from gradio.components.gallery import GalleryData, GalleryVideo
from gradio.data_classes import ImageData

NOT_SENT = "This image was not sent to this server; upload it."


class ImageFile(gr.Image):
    """An image given as its file's path, undecoded: what is no image is told beside it, not in a trace.

    A class, since Gradio makes a component anew for each page that it was updated on.
    """

    is_template = True

    def preprocess(self, payload: ImageData | None) -> str | None:
        return _sent(payload.path, self.GRADIO_CACHE) if payload and payload.path else None


class ImageFiles(gr.Gallery):
    """Several images, each given as its file's path."""

    is_template = True

    def preprocess(self, payload: GalleryData | None) -> list[tuple[str, str | None]] | None:  # type: ignore[override]
        for path in _paths(payload):
            _sent(path, self.GRADIO_CACHE)
        return super().preprocess(payload)  # type: ignore[return-value]


def _paths(payload: GalleryData | None) -> Iterator[str]:
    for each in payload.root if payload else ():
        yield (each.video.path if isinstance(each, GalleryVideo) else each.image.path) or ""


def _sent(path: str, cache: str) -> str:
    """The path of a file among those that people sent; raises gr.Error for any other of this machine.

    Gradio looks after what is marked as a file, and takes an image's path without a mark as it is.
    """
    if not Path(path).resolve().is_relative_to(Path(cache).resolve()):
        raise gr.Error(NOT_SENT, print_exception=False)
    return path

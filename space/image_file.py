"""The field of an image, as the file that it is."""

import gradio as gr
from gradio.data_classes import ImageData


class ImageFile(gr.Image):
    """An image given as its file's path, undecoded: what is no image is told beside it, not in a trace.

    A class, since Gradio makes a component anew for each page that it was updated on.
    """

    is_template = True

    def preprocess(self, payload: ImageData | None) -> str | None:
        return payload.path if payload else None

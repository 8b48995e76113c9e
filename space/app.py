"""The vlmscope app: run `make run`, or `python app.py` in the folder of a Space."""

import logging
import os
import sys
import time

from settings import read_or_exit

# Before gradio and the Hub's client are imported: nothing about a person's use leaves the machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def main() -> None:
    started = time.monotonic()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = read_or_exit()
    _say("loading the libraries")

    import torch

    from bases import load_base
    from examples import read_examples
    from menu import menu
    from page import App, build, launch_options
    from ports import first_free
    from vlmscope import VlmscopeError, discover
    from vlmscope.engine.loading import shipped_folder

    assets = shipped_folder().parent
    has_gpu = torch.cuda.is_available()
    try:
        loaded = load_base(settings.base, has_gpu, say=_say)
        port = first_free(settings.host, settings.port)
    except (VlmscopeError, OSError) as problem:
        sys.exit(f"vlmscope: {problem}")
    if loaded.notice:
        _say(loaded.notice)
    if port != settings.port:
        _say(f"port {settings.port} is taken; using {port}")
    shipped = [assets / "checkpoints"] if (assets / "checkpoints").is_dir() else []
    checkpoints = discover(*shipped, *settings.checkpoints)
    examples = read_examples(assets / "examples")
    _say(f"found {len(checkpoints)} checkpoints and {len(examples)} examples")

    page = build(App(loaded.base, settings, menu(checkpoints), examples, loaded.notice))
    page.launch(
        server_name=settings.host,
        server_port=port,
        prevent_thread_lock=True,
        **launch_options(),
    )
    _say(f"ready after {time.monotonic() - started:.0f} s: http://{settings.host}:{port}")
    page.block_thread()


def _say(text: str) -> None:
    print(f"vlmscope: {text}", flush=True)


if __name__ == "__main__":
    main()

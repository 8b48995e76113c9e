"""The vlmscope app: run `make run`, or `python app.py` in the folder of a Space."""

import os
import sys
import time
from dataclasses import replace
from functools import partial

from allocator import share_arenas
from environment import on_zero_gpu, read_or_exit
from logs import keep_journal, start_logging
from settings import BadSetting

PROXIES = "127.0.0.1,::1,10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fc00::/7"
"""The networks that no one reaches from outside, where a Space's proxies are."""

# Before gradio and the Hub's client are imported: nothing about a person's use leaves the machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
if os.environ.get("SYSTEM") == "spaces":
    # Whose address a request is from is what a Space's own proxies say: these, and no visitor, are here.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", PROXIES)


def main() -> None:
    started = time.monotonic()
    share_arenas()
    start_logging()
    settings = read_or_exit()
    _say("loading the libraries")

    if on_zero_gpu(os.environ):
        import spaces  # noqa: F401  # before whatever may use CUDA
    import torch

    import zero_gpu
    from application import App
    from bases import check_answer_length, device_of, load_base
    from examples import read_examples
    from history.store import History
    from journal import Journal
    from keeping import lasting
    from menu import fitting, menu
    from page import build, launch_options
    from places import Bounds, Places
    from ports import first_free, in_url, listen
    from recorded import read_recorded
    from shelf import Shelf
    from tracking import tracker_of
    from vlmscope import SharedBase, VlmscopeError
    from vlmscope.checkpoints.hub import Hub
    from vlmscope.checkpoints.hub_errors import MACHINE, VISITOR
    from vlmscope.engine.loading import shipped_folder
    from vlmscope.engine.stamp import make_stamp
    from whereabouts import ask_who_comes

    if settings.threads:
        torch.set_num_threads(settings.threads)
    assets = shipped_folder().parent
    has_gpu = settings.device != "cpu" and torch.cuda.is_available()
    if has_gpu:  # two at once on one GPU end no earlier
        settings = replace(settings, users=settings.users or 1)
    try:
        public, unasked = ask_who_comes(settings.space, settings.where, settings.public)
        settings, ends = lasting(replace(settings, public=public))
        keep_journal(settings.is_logged)
        first_free(settings.host, settings.port)  # a wrong HOST or PORT is said before the wait
        hub = Hub(
            allowed=None if settings.is_private else settings.hub,
            max_cache_bytes=settings.hub_cache_bytes,
            remedies=VISITOR if settings.asks_to_sign_in else MACHINE,
        )
        load = partial(
            SharedBase.load,
            revision=settings.revision,
            device=device_of(settings.device, torch.cuda.is_available()),
            dtype=settings.dtype,
            memory_gib=settings.memory_gib,
            heads=settings.heads,
            pickles=settings.is_private,
            hub=hub,
        )
        loaded = load_base(settings.base, has_gpu, load, _say)
        check_answer_length(loaded.base, settings.max_new_tokens)
        zero_gpu.place(loaded.base)
        history = History(settings.history, settings.history_bytes)
        tracker = tracker_of(settings, make_stamp(loaded.base, "together", 1))
    except (BadSetting, VlmscopeError, OSError) as problem:
        sys.exit(f"vlmscope: {problem}")
    shipped = [assets / "checkpoints"] if (assets / "checkpoints").is_dir() else []
    shelf = Shelf.of(settings, [*map(str, shipped), *settings.checkpoints], hub, loaded.base)
    found = shelf.look()
    examples = read_examples(assets / "examples")
    recorded, unread = read_recorded(settings.recorded, settings.is_private)
    offered, misfits = fitting(found.records, shelf.fits)
    _say(f"found {len(offered)} checkpoints for this base and {len(examples)} examples")
    trouble = " ".join(
        filter(None, (loaded.reason, unasked, ends, misfits, *found.problems, *unread))
    )
    if loaded.notice or trouble:
        _say(f"{loaded.notice} {trouble}".strip())

    bounds = Bounds(settings.queue, settings.most_each, settings.seconds)
    page = build(
        App(
            loaded.base,
            settings,
            menu(offered),
            examples,
            shelf,
            loaded.notice,
            trouble,
            places=Places(settings.places, bounds),
            history=history,
            tracker=tracker,
            recorded=recorded,
            journal=Journal(settings.seconds, settings.log_questions, settings.secret),
        )
    )
    host = in_url(settings.host)
    port = listen(
        settings.host,
        settings.port,
        lambda free: page.launch(
            server_name=host, server_port=free, prevent_thread_lock=True, **launch_options(settings)
        ),
    )
    if port != settings.port:
        _say(f"port {settings.port} is taken; using {port}")
    _say(f"ready after {time.monotonic() - started:.0f} s: http://{host}:{port}")
    try:
        page.block_thread()
    finally:
        tracker.close()


def _say(text: str) -> None:
    print(f"vlmscope: {text}", flush=True)


if __name__ == "__main__":
    main()

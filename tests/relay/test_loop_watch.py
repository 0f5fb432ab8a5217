"""What stops the event loop is named, and how late it runs is known."""

import asyncio
import linecache
import time

from media_relay.loop_watch import LoopWatch, LoopWatchSettings, Place, Stall, log_stall, what_ran

QUICK = LoopWatchSettings(every_s=0.005, stall_s=0.02, memory=2)


def hog(until):
    while time.monotonic() < until:
        pass


async def test_a_function_that_holds_up_the_loop_is_named():
    stalls = asyncio.Queue()
    watch = LoopWatch(on_stall=stalls.put_nowait, settings=QUICK)
    watch.start()
    try:
        async with asyncio.timeout(60):
            named = False
            while not named:  # on a busy machine the watch may have looked elsewhere
                hog(time.monotonic() + 0.2)
                stall = await stalls.get()
                named = any(place.function == "hog" for place in stall.stack)
    finally:
        watch.stop()

    assert stall.ms > 100


async def test_who_is_named_is_not_read_from_disk_which_would_hold_up_the_loop_for_longer():
    linecache.clearcache()
    stalls = asyncio.Queue()
    watch = LoopWatch(on_stall=stalls.put_nowait, settings=QUICK)
    watch.start()
    try:
        async with asyncio.timeout(30):
            stack = ()
            while not stack:
                hog(time.monotonic() + 0.2)
                stack = (await stalls.get()).stack
    finally:
        watch.stop()

    assert __file__ not in linecache.cache


async def test_a_stall_just_over_the_limit_is_reported_wherever_it_falls_between_two_looks():
    stalls = asyncio.Queue()
    watch = LoopWatch(on_stall=stalls.put_nowait)
    watch.start()
    try:
        for phase_ms in (0, 2, 4, 6, 8):
            await asyncio.sleep(0.03 + phase_ms / 1000)
            while not stalls.empty():  # a busy machine's own
                stalls.get_nowait()
            hog(time.monotonic() + 0.055)
            async with asyncio.timeout(60):
                while (await stalls.get()).ms < 55:
                    pass
    finally:
        watch.stop()


async def test_lag_rises_with_a_busy_loop_and_falls_again():
    stalls = asyncio.Queue()
    watch = LoopWatch(on_stall=stalls.put_nowait, settings=QUICK)
    watch.start()
    try:
        hog(time.monotonic() + 0.2)
        await stalls.get()
        busy = watch.lag_s
        async with asyncio.timeout(60):
            while watch.lag_s > busy / 4:  # noqa: ASYNC110
                await asyncio.sleep(0)
    finally:
        watch.stop()

    assert busy > 0.05


async def test_a_loop_that_is_only_idle_has_no_lag():
    watch = LoopWatch(settings=LoopWatchSettings(stall_s=10))
    watch.start()
    watch.stop()

    assert watch.lag_s < 0.01


def at(*functions, line=1):
    return tuple(Place("a/b.py", line, function) for function in functions)


def test_one_idle_look_before_several_different_lines_does_not_hide_what_ran():
    looks = [(), at("on_audio", "parse", line=3), at("on_audio", "parse", line=7)]

    assert [place.function for place in what_ran(looks)] == ["on_audio", "parse"]


def test_what_most_looks_share_is_blamed_though_each_found_it_in_another_function():
    looks = [at("other"), at("on_audio", "a"), at("on_audio", "b"), at("on_audio", "b", "c")]

    assert [place.function for place in what_ran(looks)] == ["on_audio", "b", "c"]


def test_a_loop_that_did_nothing_is_blamed_on_nobody():
    assert what_ran([(), ()]) == what_ran([]) == ()


def test_every_stall_is_told_and_those_of_ours_as_warnings(caplog):
    caplog.set_level("INFO")

    log_stall(Stall(ms=80, stack=at("on_audio", "parse"), share=0.5))
    log_stall(Stall(ms=70))

    ours, idle = caplog.records
    assert (ours.levelname, ours.seen) == ("WARNING", "50%")
    assert ours.stack == "a/b.py:1 parse < a/b.py:1 on_audio"
    assert (idle.levelname, idle.ms) == ("INFO", 70)

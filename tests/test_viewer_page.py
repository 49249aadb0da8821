"""The page of `inr view`, and `inr.js`, in a browser: colours, controls, damaged files, names that are markup."""

import base64
import functools
import io
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import PIL.Image
import pytest
import torch
from helpers.browser import PHONE
from helpers.models import drawn_model
from helpers.pictures import PROFILE
from inr_cli.main import app
from typer.testing import CliRunner

import inr
from inr.codec.model_file import grade_bytes, model_to_bytes
from inr.settings.shape import Form, GradeShape, Plane
from inr.viewer.page import viewer_page

DONE = "#view[aria-busy=false]"


@pytest.fixture(scope="module")
def small() -> inr.Model:
    """Three grades that differ, 70 x 50."""
    layout = [(Plane(cell=8, channels=3),), (Plane(cell=2, channels=2),), (Plane(cell=1, channels=1, around=True),)]
    grades = [GradeShape(depth=1, width=6, activation="sine", planes=planes, form=Form(gain=4.0)) for planes in layout]
    model = drawn_model(grades, size=(70, 50))
    with torch.no_grad():
        for grade in model.grades:  # colours between 0 and 1: of those beyond, a page shows nothing
            grade.head.weight.mul_(0.3)
            grade.head.bias.fill_(0.5 / len(grades))
    return model


def page_of(folder, data, name="picture.inr"):
    path = folder / "page.html"
    path.write_text(viewer_page(data, name), encoding="utf-8")
    return path


def expected(model, grade, **options):
    return inr.quantize(model.render(grade=grade, **options), 8).astype(int)


def seen(page):
    """What the canvas shows, (H, W, 4), when all is drawn: the same twice, as a change is taken up a little later."""
    before, address = "", None
    while address != before:
        page.wait_for_timeout(150)
        page.locator(DONE).wait_for(state="attached")
        before, address = address, page.evaluate("view.toDataURL()")
    return np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGBA")).astype(
        int
    )


def show_pixels(page):
    """Press 1:1, which does nothing before the file is decoded."""
    page.locator(DONE).wait_for(state="attached")
    page.locator("#one").click()


def cropped(picture):
    """The part of a canvas that is not transparent."""
    rows, columns = np.nonzero(picture[:, :, 3])
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1, :3]


def bicubic(picture, scale):
    """A picture enlarged by Keys' cubic convolution, a = -1/2, colours beyond its edge being those of the edge."""

    def weights(size):
        found = np.zeros((round(size * scale), size))
        for i, row in enumerate(found):
            place = (i + 0.5) / scale - 0.5
            for pixel in range(int(np.floor(place)) - 1, int(np.floor(place)) + 3):
                t = abs(place - pixel)
                weight = 1.5 * t**3 - 2.5 * t**2 + 1 if t < 1 else -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
                row[min(max(pixel, 0), size - 1)] += weight
        return found

    tall, wide = (weights(side) for side in picture.shape[:2])
    return np.rint(np.clip(np.einsum("ih,hwc,jw->ijc", tall, picture, wide), 0, 255))


def close(found, wanted):
    far = np.abs(found - wanted)
    return far.max() <= 2 and np.median(far) == 0


def slide(page, side, grade):
    page.locator(f"#{side}").fill(str(grade))


@pytest.mark.parametrize("engine", ["", "#webgl", "in the page"])
def test_the_page_of_the_command_shows_each_grade(small, tmp_path, visit, engine):
    inr.save_model(small, tmp_path / "small.inr")
    out = tmp_path / "small.html"
    run = CliRunner().invoke(app, ["view", str(tmp_path / "small.inr"), "-o", str(out), "--no-open", "--json"])
    assert run.exit_code == 0 and f'"bytes": {out.stat().st_size}' in run.stdout
    if engine == "in the page":  # where a page's rules forbid workers
        out.write_text(
            out.read_text()
            .replace("worker-src blob:", "worker-src 'none'")
            .replace("'unsafe-inline' blob:", "'unsafe-inline'")
        )
        page = visit(out, strict=False).page
    else:
        page = visit(f"{out.as_uri()}{engine}", strict=False).page
    show_pixels(page)
    for grade in (3, 1, 2):
        slide(page, "left", grade)
        assert close(cropped(seen(page)), expected(small, grade))
    facts = page.locator("#facts").text_content()
    assert page.title() == "small.inr" and "70 × 50, RGB, 8 bits" in facts
    assert facts.endswith(f"{(tmp_path / 'small.inr').stat().st_size:,} bytes")


def test_controls_do_what_they_say(small, tmp_path, visit):
    page = visit(page_of(tmp_path, model_to_bytes(small))).page
    fitted = seen(page)
    assert cropped(fitted).shape[0] == fitted.shape[0]  # the whole height is used
    page.keyboard.press("1")
    first, last = expected(small, 1), expected(small, 3)

    slide(page, "left", 2.5)
    assert np.abs(cropped(seen(page)) - (expected(small, 2) + last) / 2).max() <= 2

    page.keyboard.press("s")  # from the first grade, on the left, to that on the right
    slide(page, "right", 3)
    halves = cropped(seen(page))
    assert close(halves[:, :34], first[:, :34]) and close(halves[:, 36:], last[:, 36:])
    page.locator("#edge").press("Home")
    assert close(cropped(seen(page)), last)
    page.keyboard.press("s")
    assert close(cropped(seen(page)), last)

    corner = np.argwhere(seen(page)[:, :, 3])[0]
    page.keyboard.press("ArrowRight")
    assert np.argwhere(seen(page)[:, :, 3])[0].tolist() == [corner[0], corner[1] - 64]
    box = page.locator("#view").bounding_box()
    page.mouse.move(box["x"] + 640, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 704, box["y"] + 310)
    page.mouse.up()
    assert np.argwhere(seen(page)[:, :, 3])[0].tolist() == [corner[0] + 10, corner[1]]

    x, y = corner[1] + 20, corner[0] + 10 + 30
    page.mouse.move(box["x"] + x + 0.5, box["y"] + y + 0.5)
    wanted = " ".join(map(str, last[30, 20]))
    page.locator("#place", has_text=f"x 21  y 31  grade 3  colour {wanted}").wait_for()

    page.mouse.wheel(0, -1200)
    page.locator("#scale", has_text="8.67×").wait_for()
    assert seen(page)[:, :, 3].min() in (0, 255)

    with page.expect_download() as download:
        page.locator("#save").click()
    saved = np.asarray(PIL.Image.open(download.value.path()))
    assert download.value.suggested_filename == "picture-view.png" and (saved == seen(page)).all()

    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.keyboard.press("0")
    for _ in range(100):  # the page draws anew when it finds the time
        if seen(page).shape[1] == PHONE[0] and seen(page)[:, :, 3].any():
            break
        page.wait_for_timeout(100)
    assert cropped(seen(page)).shape[1] == seen(page).shape[1] == PHONE[0]


def test_methods_enlarge_as_they_say_and_zoom_has_no_end(small, tmp_path, visit):
    page = visit(page_of(tmp_path, model_to_bytes(small))).page
    show_pixels(page)
    for _ in range(8):
        page.locator("#in").click()
    picture = expected(small, 3)
    scale = 1.25**8
    page.locator("#scale", has_text=f"{scale:.3g}×").wait_for()  # it is told when it is drawn
    page.keyboard.press("m")
    shown = seen(page)
    top, left = np.argwhere(shown[:, :, 3])[0]
    for y, x in ((3, 4), (40, 60), (20, 35)):
        place = shown[int(top + (y + 0.5) * scale), int(left + (x + 0.5) * scale), :3]
        assert np.abs(place - picture[y, x]).max() <= 2
    page.keyboard.press("m")
    far = np.abs(cropped(seen(page)) - bicubic(picture, scale))
    assert far.max() <= 1
    page.keyboard.press("m")

    page.mouse.move(640, 400)
    for _ in range(3):
        page.mouse.wheel(0, -4000)
    page.locator("#scale", has_text=re.compile(r"\d(,\d{3}){3}")).wait_for()  # a billion
    deep = seen(page)
    assert deep[:, :, 3].min() == 255 and np.ptp(deep, axis=(0, 1)).max() <= 1


def test_what_is_shown_is_as_it_was(small, tmp_path, visit, golden_picture):
    page = visit(page_of(tmp_path, model_to_bytes(small)), size=(320, 360)).page
    show_pixels(page)
    golden_picture("viewer-1x.png", cropped(seen(page)))
    page.locator("#view").focus()
    box = page.locator("#view").bounding_box()
    page.mouse.move(box["x"] + 140, box["y"] + 60)
    page.mouse.wheel(0, -2049)  # exp(0.0018 * 2049) = 40
    page.locator("#scale", has_text=re.compile(r"^40(\.0)?×$")).wait_for()
    golden_picture("viewer-40x.png", seen(page)[:, :, :3])


def test_a_cut_file_shows_its_whole_grades_with_a_note(small, tmp_path, visit):
    data = model_to_bytes(small)
    page = visit(page_of(tmp_path, data[: -grade_bytes(data)[2] + 5]), size=PHONE, dark=True).page
    show_pixels(page)
    assert close(cropped(seen(page)), expected(small, 2))
    assert page.locator("#note").text_content() == "The file is cut short; grades used: 2 of 3."
    assert page.locator("#left").get_attribute("max") == "2"


@pytest.mark.parametrize("damage", [slice(0, 0), slice(0, 30), slice(1, None), "flip"])
def test_a_broken_file_is_a_sentence(small, tmp_path, visit, damage):
    data = model_to_bytes(small)
    data = data[:-9] + bytes([data[-9] ^ 4]) + data[-8:] if damage == "flip" else data[damage]
    with pytest.raises(inr.ModelFileError) as sentence:
        from inr.codec.model_file import model_from_bytes

        model_from_bytes(data)
    page = visit(page_of(tmp_path, data)).page
    page.locator("#failure:visible").wait_for()
    text = str(sentence.value)
    assert page.locator("#failure").text_content() == text[0].upper() + text[1:]
    assert page.locator("#left").is_disabled()


def test_names_and_records_are_no_markup(small, tmp_path, visit):
    import dataclasses

    name = "\"><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">'.inr"
    record = dataclasses.replace(small.record, method="<img src=x onerror=alert(1)>")
    page = visit(page_of(tmp_path, model_to_bytes(dataclasses.replace(small, record=record)), name)).page
    page.locator(DONE).wait_for(state="attached")
    assert page.title() == page.locator("h1").text_content() == name
    assert "<img src=x onerror=alert(1)>" in page.locator("#facts").text_content()
    assert page.locator("img").count() == 0


def test_a_name_that_is_no_text_or_runs_backwards_is_spelled_out(small, tmp_path, visit):
    name = "\u202eevil\u2028\udce9.inr"
    inr.save_model(small, tmp_path / name)
    run = CliRunner().invoke(app, ["view", str(tmp_path / name), "-o", str(tmp_path / "page.html"), "--no-open"])
    assert run.exit_code == 0
    assert visit(tmp_path / "page.html").page.title() == r"\u202eevil\u2028\xe9.inr"


@pytest.fixture
def server(tmp_path):
    """The address of a server of the files in `tmp_path`."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path)) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


def test_inr_js_makes_images_of_model_files(small, tmp_path, visit, server):
    import dataclasses

    deep = dataclasses.replace(small, bit_depth=16, icc_profile=PROFILE)
    inr.save_model(deep, tmp_path / "a.inr")
    (tmp_path / "broken.inr").write_bytes(b"\x89INR")
    run = CliRunner().invoke(app, ["view", "--script", "-o", str(tmp_path / "inr.js"), "--quiet"])
    assert run.exit_code == 0
    (tmp_path / "index.html").write_text(
        "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><script src=inr.js></script>"
        "<img id=first src=a.inr><img id=broken src='broken.inr?size=2' alt=none>"
    )
    window = visit(f"{server}/index.html", strict=False)
    page = window.page
    page.locator("#first[src^=blob]").wait_for(state="attached")
    page.evaluate("document.body.append(Object.assign(new Image(), {id: 'later', src: 'a.inr'}))")
    page.locator("#later[src^=blob]").wait_for(state="attached")
    page.locator("#broken[title]").wait_for(state="attached")
    assert "cut short after 4 bytes" in page.locator("#broken").get_attribute("title")
    text = page.evaluate(
        """async () => {
          const data = new Uint8Array(await (await fetch(first.src)).arrayBuffer());
          return btoa(Array.from(data, (c) => String.fromCharCode(c)).join(""));
        }"""
    )
    assert page.evaluate("first.decode().then(() => [first.naturalWidth, first.naturalHeight])") == [70, 50]
    (tmp_path / "found.png").write_bytes(base64.b64decode(text))
    found = inr.load_image(tmp_path / "found.png")
    wanted = inr.quantize(deep.render(), 16).astype(int)
    assert np.abs(np.rint(found.pixels * 65535) - wanted).max() <= 16  # a sixteenth of a level of eight bits
    assert found.bit_depth == 16 and found.icc_profile == PROFILE


@pytest.mark.parametrize(
    "arguments, code, says",
    [
        ([], 2, "takes a model file"),
        (["{model}", "--script"], 2, "takes a model file"),
        (["{broken}", "--no-open"], 1, "not an .inr model file"),
        (["{model}", "--no-open", "-o", "{model}"], 1, "is an input of this command"),
        (["{model}", "--no-open", "-o", "{broken}"], 1, "--overwrite"),
    ],
)
def test_the_command_says_what_is_wrong(small, tmp_path, arguments, code, says):
    inr.save_model(small, tmp_path / "small.inr")
    (tmp_path / "broken.inr").write_bytes(b"no model")
    paths = {"model": tmp_path / "small.inr", "broken": tmp_path / "broken.inr"}
    run = CliRunner().invoke(app, ["view", *(text.format(**paths) for text in arguments)])
    assert run.exit_code == code and says in run.stderr


def test_the_page_is_opened_unless_it_is_not_to_be(small, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.chdir(tmp_path)
    inr.save_model(small, tmp_path / "a b.inr")
    assert CliRunner().invoke(app, ["view", "a b.inr"]).exit_code == 0
    assert opened == [(tmp_path / "a b.html").as_uri()]
    assert CliRunner().invoke(app, ["view", "a b.inr", "--no-open", "--overwrite"]).exit_code == 0 and len(opened) == 1

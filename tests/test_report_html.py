"""The pages for those who would rather look: in a browser they do what they promise, and nothing gets into them."""

import base64
import io
import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from helpers.browser import PHONE, WIDE, until
from helpers.commands import run

import inr
from inr.batch.html import batch_html
from inr.batch.rows import Batch, Row
from inr.report import html
from inr.report.embedded import views
from inr.report.fit_html import fit_html
from inr.restoration.page import to_html
from inr.restoration.upscale import Upscaled
from inr.restoration.upscaled import tell_upscaled
from inr.settings.methods import configure
from inr.settings.options import FitOptions

HOSTILE = "<script>alert(1)<script>\"'&<b>{{7*7}}.png"
TINY = ["--encoding", "fourier", "--frequencies", "8", "--sigma", "3", "--depth", "1", "--width", "16"]


def picture(height, width, channels=3, seed=0):
    values = np.random.default_rng(seed).uniform(0, 0.3, (height, width, channels))
    values += 0.6 * np.linspace(0, 1, width)[None, :, None]
    return np.rint(255 * values).astype(np.uint8)


def numbers(page):
    """What the pixels under the middle of the canvas are, left and right of it."""
    return page.evaluate("""() => { const c = document.querySelector("#canvas"), g = c.getContext("2d");
        return [0.25, 0.75].map(x => [...g.getImageData(c.width * x, c.height / 2, 1, 1).data]) }""")


def settle(page):
    """Wait until what was asked for is drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    inr.save_image(folder / HOSTILE, picture(24, 36))
    run("fit", folder / HOSTILE, *TINY, "--grades", "3", "--steps", "8", "--batch-size", "64", "--out", folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    names = [HOSTILE, "b.png"]
    for seed, name in enumerate(names):
        inr.save_image(folder / name, picture(20, 30, seed=seed))
    methods = "sgdl-fourier:width=8,mgdl-fourier:grades=2:width=8,siren:width=8:depth=1"
    run("compare", *(folder / name for name in names), "--methods", methods, "--budget", "steps=6", "--no-tune",
        "--out", folder / "out")  # fmt: skip
    return folder / "out"


@pytest.fixture(scope="module", params=["upscale", "inpaint", "denoise"])
def restored(request, tmp_path_factory):
    """The page of a picture with a strange name, enlarged, filled or cleaned."""
    folder = tmp_path_factory.mktemp("restored")
    spots = np.zeros((24, 36, 3), np.uint8)
    spots[3::5, 2::4] = 255
    inr.save_image(folder / HOSTILE, np.where(spots, 40, picture(24, 36)).astype(np.uint8))
    inr.save_image(folder / "mask.png", spots)
    more = {"upscale": ["--scale", "2.5"], "inpaint": ["--mask", folder / "mask.png"], "denoise": []}[request.param]
    run(request.param, folder / HOSTILE, *more, "--steps", "2", "-o", folder / "out.png")
    return folder / "out.html"


def batch_of(rows, folder=""):
    return Batch(config=configure(FitOptions()), rows=tuple(rows), untried=0, kept=0, seconds=3.0, folder=str(folder))


def done_row(name, psnr, **more):
    facts = {"width": 30, "height": 20, "channels": 3, "bytes": 500, "bpp": 8 * 500 / 600, "ssim": 0.9, "seconds": 1.0}
    return Row(image=name, status="done", psnr_db=(psnr - 3, psnr), **(facts | more))


def test_the_slider_changes_the_picture(fitted, visit):
    page = visit(fitted / "report.html").page
    page.wait_for_selector("body[data-ready]")
    settle(page)
    original, last = numbers(page)
    page.locator("#grade").focus()
    page.keyboard.press("Home")
    settle(page)
    assert numbers(page)[0] == original and numbers(page)[1] != last
    assert "grade 1" in page.locator("#shown").inner_text() and "1 of 3" in page.locator("#grade-text").inner_text()
    drawn = np.asarray(PIL.Image.open(next(fitted.glob("*.grade1.png"))))
    colours = {tuple(colour) for colour in drawn.reshape(-1, 3)}
    assert tuple(numbers(page)[1][:3]) in colours, "enlarged pixels keep their colour"


def test_the_line_moves_and_maps_replace_the_picture(fitted, visit):
    page = visit(fitted / "report.html").page
    page.wait_for_selector("body[data-ready]")
    settle(page)
    before = numbers(page)
    line = page.locator(".line")
    line.focus()
    page.keyboard.press("End")
    settle(page)
    assert line.get_attribute("aria-valuenow") == "100" and numbers(page)[1] != before[1]
    page.keyboard.press("Home")
    for mode in ("error", "change"):
        page.locator(f"[value={mode}]").check(force=True)
        settle(page)
        first = numbers(page)
        page.locator("#factor").fill("7" if page.locator("#factor").input_value() != "7" else "0")
        settle(page)
        assert page.locator("#amplify").is_visible() and numbers(page) != first


def pixels_of(canvas):
    """What a canvas shows, (H, W, 3)."""
    data = base64.b64decode(canvas.evaluate("c => c.toDataURL()").partition(",")[2])
    return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def test_pictures_are_shown_as_they_were(fitted, compared, tmp_path, visit, golden_picture):
    source = picture(24, 36)
    coarser = [source // step * step for step in (90, 45, 20)]  # a stranger to any training
    image = inr.image_from_array(source)
    (tmp_path / "page.html").write_bytes(fit_html((fitted / "report.json").read_text(), image, coarser))
    page = visit(tmp_path / "page.html", size=(360, 640)).page
    page.wait_for_selector("body[data-ready]")
    canvas = page.locator("#canvas")
    for mode in ("picture", "error"):
        page.locator(f"[value={mode}]").check(force=True)
        settle(page)
        golden_picture(f"fit-{mode}.png", pixels_of(canvas))
    page = visit(compared / "report.html", size=(360, 640)).page
    page.wait_for_selector("body[data-ready]")
    settle(page)
    tiles = [pixels_of(page.locator("#tiles canvas").nth(number)) for number in range(4)]
    golden_picture("comparison.png", np.hstack(tiles))


def test_zoom_shows_one_pixel_and_the_inspector_its_values(fitted, visit):
    page = visit(fitted / "report.html").page
    page.wait_for_selector("body[data-ready]")
    source = np.asarray(PIL.Image.open(fitted.parent / HOSTILE))
    box = page.locator("#canvas").bounding_box()
    scale = min(box["width"] / 36, box["height"] / 24)
    page.mouse.move(box["x"] + box["width"] / 2 + (5.5 - 18) * scale, box["y"] + box["height"] / 2 + (3.5 - 12) * scale)
    assert page.locator("#where").inner_text() == "pixel 5, 3"
    rows = page.locator("#pixel tr").all_inner_texts()
    assert len(rows) == 4 and " ".join(map(str, source[3, 5])) in rows[0]
    drawn = np.asarray(PIL.Image.open(next(fitted.glob("*.grade2.png"))))
    error = int(np.abs(drawn[3, 5].astype(int) - source[3, 5]).max())
    assert rows[2].split() == ["grade", "2", *map(str, drawn[3, 5]), str(error)]
    page.locator("#canvas").focus()
    for _ in range(12):
        page.keyboard.press("+")
    settle(page)
    left, right = numbers(page)
    middle = page.locator("#where").inner_text().split()[1:]
    assert left != right or middle == ["18,", "12"]  # both sides of the line show the same place
    page.keyboard.press("0")
    settle(page)
    assert page.locator("#where").inner_text() == "pixel 18, 12"


def test_the_page_says_what_the_report_says(fitted, visit):
    page = visit(fitted / "report.html").page
    report = json.loads((fitted / "report.json").read_text())
    rows = page.locator("#grades ~ .scroll tbody tr").all_inner_texts()
    for row, told in zip(report["grades"], rows, strict=True):
        assert f"{row['psnr_db']:.2f}" in told and f"{row['bytes_so_far']:,}" in told
        same = report["classical"]["jpeg_of_grades"][row["grade"] - 1]
        assert same["psnr_db"] >= row["psnr_db"] and f"{same['bytes']:,}" in told
    assert report["command"].endswith(str(fitted)) or page.locator("#command").inner_text() == report["command"]
    labels = page.locator(".plot > svg").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert len(labels) == 4 and all("undefined" not in label and "NaN" not in label for label in labels)
    seconds = [second for second, _ in report["curve"]]
    assert seconds == sorted(seconds) and len(seconds) > 1
    assert f"{report['curve'][-1][1]:.2f} at" in labels[1]


@pytest.mark.parametrize(("command", "dark"), [("fitted", True), ("compared", False)])
def test_pages_fit_every_screen(command, dark, visit, request):
    page = visit(request.getfixturevalue(command) / "report.html", size=PHONE, dark=dark).page
    page.wait_for_selector("body[data-ready]")
    canvas = page.locator(".pane canvas").first
    for width, height in (PHONE, WIDE, (700, 700)):
        page.set_viewport_size({"width": width, "height": height})
        until(page, "pick('.pane canvas').width == pick('.pane').clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert 0 < canvas.bounding_box()["width"] <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(ground[4:].split(",")[0]) < 128) == dark


def test_names_do_not_become_markup(fitted, compared, tmp_path, visit):
    rows = [done_row(HOSTILE, 30.0), Row(image=f"x{HOSTILE}", status="failed", error=f"no {HOSTILE}")]
    (tmp_path / "batch.html").write_bytes(batch_html(batch_of(rows).to_json(), tmp_path))
    for path in (fitted / "report.html", compared / "report.html", tmp_path / "batch.html"):
        assert b"<script>alert" not in path.read_bytes()
        page = visit(path).page
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.wait_for_selector("body[data-ready]")
        assert page.evaluate("document.scripts.length") == 2 and page.locator("main b:has-text('49')").count() == 0
        assert HOSTILE in page.locator("main").inner_text()


def test_zoom_is_the_same_in_all_pictures_of_a_comparison(compared, visit):
    page = visit(compared / "report.html").page
    page.wait_for_selector("body[data-ready]")
    canvases = page.locator("#tiles canvas")
    assert canvases.count() == 4
    content = "all => all.map(c => c.toDataURL())"
    settle(page)
    before = canvases.evaluate_all(content)
    canvases.nth(2).dblclick()
    settle(page)
    after = canvases.evaluate_all(content)
    assert all(one != other for one, other in zip(before, after, strict=True)), "each has moved with the one"
    spans = page.locator("#tiles figcaption span").all_inner_texts()
    assert all("off by" in text for text in spans[1:]) and spans[0].count(" ") == 2
    page.locator("[value=against]").check(force=True)
    settle(page)
    against = canvases.evaluate_all(content)
    assert against[0] == after[0] and against[1] == after[1] and against[2] != after[2]
    page.locator("#picks input").nth(3).uncheck()
    assert not canvases.nth(3).is_visible()
    page.locator("#view").select_option(index=1)
    until(page, "pick('#view').value == '1-0' && pickAll('#tiles canvas').length == 4")
    settle(page)
    assert canvases.nth(0).evaluate("c => c.toDataURL()") != against[0] and not canvases.nth(3).is_visible()


def test_before_and_after_stand_on_both_sides_of_a_line(restored, visit):
    page = visit(restored).page
    page.wait_for_selector("body[data-ready]")
    settle(page)
    canvas = page.locator("#canvas")
    drawn = np.asarray(PIL.Image.open(restored.with_suffix(".png")))
    after = numbers(page)[1]
    assert tuple(after[:3]) in {tuple(colour) for colour in drawn.reshape(-1, 3)}
    page.locator(".line").focus()
    page.keyboard.press("Home")
    settle(page)
    all_after = pixels_of(canvas)
    assert page.locator("#left-shown").inner_text() in ("before", "pixels as they are")
    page.locator("[value=change]").check(force=True)
    settle(page)
    assert page.locator("#left-shown").inner_text() in ("before", "bicubic")
    change = pixels_of(canvas)
    assert (change != all_after).any() and page.locator("#amplify").is_visible()
    page.locator("#factor").fill("7")
    settle(page)
    assert (pixels_of(canvas) != change).any()
    page.keyboard.press("End")
    page.locator(".line").focus()
    page.keyboard.press("End")
    settle(page)
    all_before = pixels_of(canvas)
    assert (all_before != all_after).any()
    if page.locator("#left option").count() > 1:  # enlarged: beside the classical ways
        page.locator("#left").select_option("Lanczos")
        settle(page)
        assert (pixels_of(canvas) != all_before).any() and page.locator("#left-shown").inner_text() == "Lanczos"
        page.locator("[value=picture]").check(force=True)
        settle(page)
        assert page.locator("#left-shown").inner_text() == "Lanczos", "what a person chose stays"
    canvas.dblclick()
    settle(page)
    assert (pixels_of(canvas) != all_before).any()
    said = restored.with_suffix(".md").read_text()
    assert page.locator(".lead").inner_text() in said
    for row in page.locator("tbody tr").all_inner_texts():
        assert f"| {row.replace(chr(9), ' | ')} |" in said
    assert page.locator("tbody tr").count() >= 2 and page.locator("h1").inner_text().startswith(HOSTILE)


def test_the_tables_of_a_comparison_sort(compared, visit):
    page = visit(compared / "report.html").page
    data = json.loads((compared / "comparison.json").read_text())
    head = page.locator("#methods thead th", has_text="bytes")
    for order, sign in (("descending", -1), ("ascending", 1)):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == order
        names = page.locator("#methods tbody th").all_inner_texts()
        wanted = sorted(data["rows"], key=lambda row: sign * row["bytes"])
        assert names == [row["contender"] for row in wanted]
    page.locator("#methods thead button").first.click()
    assert page.locator("#methods tbody th").all_inner_texts() == sorted(row["contender"] for row in data["rows"])
    assert " ".join(data["verdict"]) == page.locator(".lead").inner_text()
    best = page.locator("#by-picture .best-cell")
    assert best.count() == 2
    for curve, row in zip(data["curves"], data["rows"], strict=True):
        assert curve[-1][0] == pytest.approx(row["seconds"], abs=2e-3)


def test_a_batch_is_searched_sorted_and_turned(tmp_path, visit):
    rows = [done_row(f"p{number:03}.png", 20.0 + number % 50, bytes=100 + number) for number in range(120)]
    rows += [done_row("copy.png", math.inf), Row(image="bad.png", status="failed", error="a sentence.")]
    inr.save_image(tmp_path / "p000.png", picture(20, 30))
    (tmp_path / "page.html").write_bytes(batch_html(batch_of(rows).to_json(), tmp_path))
    page = visit(tmp_path / "page.html").page
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#page").inner_text() == "1 to 50 of 122"
    assert "a sentence." in page.locator(".failures").inner_text()
    assert page.locator("#worst ~ .gallery img").count() == 1 and page.locator("#sample ~ .gallery li").count() == 18
    page.locator("#after").click()
    page.locator("#after").click()
    assert page.locator("#page").inner_text() == "101 to 122 of 122" and page.locator("#after").is_disabled()
    psnr = page.locator("[data-key=psnr] button")
    psnr.click()
    assert "20.00" in page.locator("#rows tr").first.inner_text()
    psnr.click()
    assert page.locator("#rows tr").first.inner_text().startswith("copy.png\texact")
    page.locator("#find").fill("SENTENCE")
    assert page.locator("#rows tr").all_inner_texts() == ["bad.png\ta sentence."]


def test_a_batch_without_scripts_has_its_first_rows(tmp_path, visit):
    rows = [Row(image=HOSTILE, status="failed", error="a sentence."), done_row("copy.png", math.inf)]
    rows += [done_row(f"p{number:03}.png", 60.0 - number % 50, ssim=None) for number in range(60)]
    (tmp_path / "page.html").write_bytes(batch_html(batch_of(rows).to_json(), tmp_path))
    plain = visit(tmp_path / "page.html", java_script_enabled=False).page
    page = visit(tmp_path / "page.html").page
    page.wait_for_selector("body[data-ready]")
    told = plain.locator("#rows tr").all_inner_texts()
    assert told == page.locator("#rows tr").all_inner_texts() and len(told) == 50
    assert told[0] == f"{HOSTILE}\ta sentence." and told[1].startswith("p049.png\t11.00\t")
    assert (
        not plain.locator(".pager").is_visible()
        and "The first 50 of 62 rows" in plain.locator("noscript .hint").inner_text()
    )


def test_a_batch_of_fifty_thousand_makes_a_small_page(tmp_path):
    random = np.random.default_rng(0)
    names = [f"{random.integers(1 << 40):011x}/IMG_{number}.jpg" for number in range(50_000)]
    data = json.loads(batch_of([done_row("a.png", 30.0)]).to_json())
    rows = [data["rows"][0] | {"image": name, "bytes": int(random.integers(99_999))} for name in names]
    data |= {"rows": [row | {"psnr_db": [30 + random.normal()]} for row in rows]}
    data["summary"] |= {"pictures": 50_000, "done": 50_000}
    page = batch_html(json.dumps(data), tmp_path)
    assert len(page) < 5_000_000 and b"50,000 pictures" in page and b"has room for" not in page


def test_a_batch_of_too_long_names_says_what_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("inr.batch.html._MOST_BYTES", 3000)
    random = np.random.default_rng(0)
    rows = [done_row(random.bytes(40).hex(), 30.0) for _ in range(200)]
    page = batch_html(batch_of(rows).to_json(), tmp_path).decode()
    assert len(page) < 300_000 and "of 200 rows" in page


def test_large_pictures_are_bounded_and_shown_at_full_size_where_they_err_most():
    source = picture(90, 120, 4)
    drawn = source.copy()
    drawn[60:, 80:] ^= 64
    whole, part = views(source, [source, drawn], most=9000)
    assert (whole.step, whole.width, whole.height) == (2, 60, 45) and whole.width * whole.height * 3 <= 9000
    assert part.step == 1 and (part.left, part.top) == (30, 0) and len(part.pictures) == 3
    (only,) = views(source, [drawn], most=10**9)
    assert (only.step, only.width, only.height) == (1, 120, 90)


def test_report_makes_the_same_page_again(fitted, compared, tmp_path):
    for folder in (fitted, compared):
        page = folder / "report.html"
        before = page.read_bytes()
        page.unlink()
        told = json.loads(run("report", folder, "--json").stdout)
        assert page.read_bytes() == before and told["file"] == str(page) and told["bytes"] == len(before)
    inr.save_image(tmp_path / "a.png", picture(20, 30))
    (tmp_path / "batch.json").write_text(batch_of([done_row("a.png", 30.0)], tmp_path).to_json())
    run("report", tmp_path)
    assert b"data:image/webp" in (tmp_path / "report.html").read_bytes()


def test_report_says_what_is_missing(fitted, tmp_path):
    assert "no report.json" in run("report", tmp_path, code=1).stderr
    copy = tmp_path / "copy"
    shutil.copytree(fitted, copy)
    (copy / "report.html").write_text("my own notes")
    assert "not a page of this program" in run("report", copy, code=1).stderr
    run("report", copy, "--overwrite", "--quiet")
    assert (copy / "report.html").read_bytes() == (fitted / "report.html").read_bytes()
    data = json.loads((copy / "report.json").read_text())
    (copy / "report.json").write_text(json.dumps(data | {"image": data["image"] | {"name": "gone.png"}}))
    assert "gone.png is not there any more" in run("report", copy, code=1).stderr
    assert "has changed" in run("report", copy, "--image", next(copy.glob("*.grade1.png")), code=1).stderr
    run("report", copy, "--image", fitted.parent / HOSTILE)
    (copy / "report.json").write_text("{")
    assert "is damaged" in run("report", copy, code=1).stderr
    (copy / "report.json").write_text("{}")
    assert "is missing" in run("report", copy, code=1).stderr


def test_an_enlarged_picture_too_large_for_a_page_is_shown_in_part():
    image = inr.image_from_array(picture(90, 900))
    big = Upscaled(picture=picture(360, 3600), model=None, check=None, training_seconds=1.0, drawing_seconds=1.0)
    page = to_html(tell_upscaled(image, big)).decode()
    assert "Shown is the part with most detail, 960 x 360 of its pixels." in page and 'width="960" height="360"' in page


def test_a_page_without_scripts_has_the_pictures_and_tables(fitted, visit):
    page = visit(fitted / "report.html", java_script_enabled=False).page
    assert page.locator(".stills img").count() == 4 and page.locator(".stills img").first.is_visible()
    assert page.locator("noscript").count() == 1 and not page.locator(".stage").is_visible()


def test_what_is_printed_has_every_picture_and_no_controls(fitted, visit):
    page = visit(fitted / "report.html").page
    page.wait_for_selector("body[data-ready]")
    page.emulate_media(media="print")
    assert page.locator(".stills img").first.is_visible() and not page.locator("#grade").is_visible()


@pytest.mark.parametrize("script", sorted(html.TEMPLATES.glob("*.js")), ids=lambda path: path.name)
def test_scripts_are_whole(script):
    playwright = pytest.importorskip("playwright")
    node = Path(playwright.__file__).parent / "driver" / "node"
    subprocess.run([node, "--check", script], check=True, timeout=60)
    assert "</script" not in script.read_text() and "innerHTML" not in script.read_text()

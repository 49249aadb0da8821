"""`inr inpaint` and `inr denoise`, down to the files and back."""

import json
import re
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
import torch
from helpers.commands import run, told
from helpers.pictures import DATA, has_figures, picture, saved

import inr
from inr.imaging.image import quantize, unit
from inr.restoration.effort import Effort
from inr.restoration.inpaint import inpaint
from inr.restoration.mended import tell_mended
from inr.restoration.page import draw_panels
from inr.restoration.tiles import standard_errors, tiles_of


def hidden(height, width):
    """A mask: a scratch of two pixels and a few lost ones."""
    mask = np.zeros((height, width, 1), np.uint8)
    mask[height // 2 : height // 2 + 2, 2:-3] = 255
    mask[2::5, 3::4] = 255
    return mask


@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (2, np.uint8), (3, np.uint16), (4, np.uint8)])
def test_inpaint_fills_the_unknown_and_leaves_the_known(tmp_path, channels, dtype):
    image, mask = picture(24, 29, channels, dtype=dtype), hidden(24, 29)
    spoiled = np.where(mask > 0, 0, image).astype(dtype)
    inr.save_image(tmp_path / "a.png", spoiled)
    saved(tmp_path / "mask.png", mask)
    out = tmp_path / "out.png"
    command = ("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "-o", out, "--steps", 3)
    facts = json.loads(run(*command, "--json").stdout)
    page = (tmp_path / "out.md").read_text()
    filled = inr.load_image(out)
    most = np.iinfo(dtype).max
    known = mask[:, :, 0] == 0
    now = np.rint(filled.pixels.astype(np.float64) * most).astype(dtype)
    assert filled.bit_depth == 8 * image.itemsize and np.array_equal(now[known], spoiled[known])
    error, before = (np.abs(a.astype(float) - image)[~known].mean() / most for a in (now, spoiled))
    assert error < 0.4 * before
    assert facts["verdict"].startswith(f"{facts['unknown']} unknown pixels, ") and facts["verdict"] in page
    assert facts["unknown"] == (~known).sum() and facts["checked"] > 0 and facts["check"]["biharmonic_psnr_db"] > 5
    assert "hidden for a check" in page and "![before and after](out.before-after.png)" in page
    assert inr.load_image(tmp_path / "out.before-after.png").width > 100
    run(*command, code=1)  # exists
    again = out.read_bytes()
    run(*command, "--overwrite", "-q")
    assert out.read_bytes() == again


def test_a_grown_mask_fills_the_pixels_around_it_and_leaves_the_rest(tmp_path):
    image, mask = picture(30, 34), np.zeros((30, 34, 1), np.uint8)
    mask[12:14, 9:20] = 255
    saved(tmp_path / "a.png", image)
    saved(tmp_path / "mask.png", mask)
    command = ("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "--steps", 2, "--overwrite", "-q")
    facts = json.loads(run(*command, "--grow", 3, "-o", tmp_path / "out.png", "--json").stdout)
    changed = (quantize(inr.load_image(tmp_path / "out.png").pixels, 8) != image).any(axis=2)
    grown = np.zeros((30, 34), bool)
    grown[9:17, 6:23] = True
    assert not changed[~grown].any() and changed[grown].mean() > 0.5
    assert (facts["unknown"], facts["marked"], facts["grown"]) == (8 * 17, 2 * 11, 8 * 17 - 2 * 11)
    told = "136 unknown pixels, 13.3 % of the picture: 22 that the mask marks, and 114 around them that --grow added."
    for page in ("out.md", "out.html"):
        text = (tmp_path / page).read_text()
        assert told in text and "of the mask, as --grow widened it" in text
    said = run(*command[:-1], "--grow", 3, "-o", tmp_path / "out.png")
    assert told in said.stdout
    plain = run(*command[:-1], "-o", tmp_path / "out.png").stdout
    assert "22 unknown pixels, 2.2 % of the picture. " in plain and "--grow" not in plain
    result = run(*command, "--grow", 40, "-o", tmp_path / "out.png", code=2)
    assert "grown by 40 pixels, is all white" in result.stderr


def test_what_is_hidden_in_a_picture_is_not_looked_at(tmp_path):
    image, mask = picture(20, 22), hidden(20, 22)
    saved(tmp_path / "mask.png", mask)
    for name, hole in (("black", 0), ("white", 255)):
        saved(tmp_path / f"{name}.png", np.where(mask > 0, hole, image).astype(np.uint8))
        of = tmp_path / f"{name}-out.png"
        run("inpaint", tmp_path / f"{name}.png", "--mask", tmp_path / "mask.png", "-o", of, "--steps", 2)
    assert (tmp_path / "black-out.png").read_bytes() == (tmp_path / "white-out.png").read_bytes()


def test_what_the_check_asks_for_is_no_answer_of_the_training():
    seen = []

    class Watching(Effort):
        def fit(self, copies, side, progress):
            seen.extend(copies)
            return []

    known = torch.from_numpy(hidden(40, 48)[:, :, 0] == 0)
    inpaint(inr.image_from_array(picture(40, 48)), known, Watching(steps=1, seconds=None, seed=0))
    trained = {int(place) for copy in seen for place in copy.places}
    held_out = {int(place) for copy in seen for place in copy.held_out}
    assert trained and held_out and not trained & held_out


def test_the_surface_is_named_where_it_is_better(tmp_path):
    y, x = np.mgrid[:32, :32]
    saved(tmp_path / "slope.png", (4 * x + 3 * y).astype(np.uint8)[:, :, None])
    saved(tmp_path / "mask.png", hidden(32, 32))
    out = tmp_path / "b.png"
    said = run("inpaint", tmp_path / "slope.png", "--mask", tmp_path / "mask.png", "--steps", 1, "-o", out).stdout
    assert "classical method made this picture, the biharmonic surface" in said
    assert np.abs(inr.load_image(out).pixels * 255 - (4 * x + 3 * y)[:, :, None])[8:-8, 8:-8].max() < 2.0


def textured(side, seed=0):
    """Waves of many directions, which networks can learn, and a surface cannot follow."""
    y, x = np.mgrid[:side, :side]
    waves = 0.5 + 0.25 * np.sin(1.1 * x + 0.3 * y) + 0.2 * np.sin(0.4 * x - 0.9 * y)
    noise = np.random.default_rng(seed).normal(0, 0.02, waves.shape)
    return quantize((waves + noise)[:, :, None], 8)


def test_a_hole_wider_than_what_is_learned_from_is_filled(monkeypatch):
    monkeypatch.setattr("inr.restoration.inpaint._PART", 16)
    known = torch.ones(40, 40, dtype=torch.bool)
    known[4:-4, 4:-4] = False
    result = inpaint(inr.image_from_array(picture(40, 40)), known, Effort(steps=1))
    assert result.unknown == 32 * 32 and result.checked > 0


def test_the_row_that_made_the_picture_is_marked(tmp_path):
    saved(tmp_path / "a.png", textured(96))
    mask = np.zeros((96, 96), np.uint8)
    mask[np.random.default_rng(0).random((96, 96)) < 0.4] = 255
    saved(tmp_path / "mask.png", mask)
    command = ("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "-o", tmp_path / "b.png", "--overwrite")
    assert told(*command, "--steps", 100)["method"] == "networks"
    said = run(*command, "--steps", 100).stdout
    rows = [line for line in said.splitlines() if "in the check" in line and " dB " in line]
    assert [("made this picture" in row, row.split()[0]) for row in rows if "made" in row] == [(True, "networks")]
    html = (tmp_path / "b.html").read_text()
    assert html.count('<tr class="best">') == 1 and "networks (made this picture)</th>" in html
    assert "| networks (made this picture) |" in (tmp_path / "b.md").read_text()


def test_networks_that_are_better_in_too_few_places_do_not_make_the_picture(tmp_path):
    """One hole: what is hidden of the rest lies in too few places, whatever it says."""
    saved(tmp_path / "a.png", textured(96))
    mask = np.zeros((96, 96), np.uint8)
    mask[36:60, 36:60] = 255
    saved(tmp_path / "mask.png", mask)
    command = ("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "-o", tmp_path / "b.png", "--overwrite")
    facts = told(*command, "--steps", 100)
    surface = facts["grade0"]
    assert facts["check"]["networks_psnr_db"] > facts["check"][f"{surface}_psnr_db"] + 0.1
    assert facts["method"] == surface and facts["surely"] is None
    page, html = ((tmp_path / name).read_text() for name in ("b.md", "b.html"))
    assert "dB above it, but these lie in too few places to be sure" in page
    assert f"| {surface} (made this picture) |" in page and "| networks |" in page
    assert f"{surface} (made this picture)</th>" in html.split('<tr class="best">')[1].split("</tr>")[0]


def test_networks_that_may_be_better_by_chance_do_not_make_the_picture(tmp_path, monkeypatch):
    monkeypatch.setattr("inr.restoration.inpaint.standard_errors", lambda *_: 1.5)
    saved(tmp_path / "a.png", textured(48))
    mask = np.where(np.random.default_rng(0).random((48, 48)) < 0.4, 255, 0).astype(np.uint8)
    saved(tmp_path / "mask.png", mask)
    command = ("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "--steps", 60, "-o", tmp_path / "b.png")
    assert "dB above it, but not surely so, as that is within 1.65 standard errors" in run(*command).output
    rows = [line for line in (tmp_path / "b.md").read_text().splitlines() if line.startswith("| ")]
    assert rows[2].startswith("| networks |") and "harmonic (made this picture) |" in rows[3]  # the higher one first


def test_a_pixel_is_no_proof_of_its_own():
    """Errors are alike all over a tile: so many pixels tell no more than the tiles do."""
    random = torch.Generator().manual_seed(0)
    tiles = torch.arange(100).repeat_interleave(64)
    gains = torch.randn(100, generator=random).repeat_interleave(64)
    theirs = torch.full((6400,), 4.0)
    ours = (2.0 - 0.1 - 0.5 * gains).square()
    found = standard_errors(ours, theirs, tiles)
    assert abs(found - float((0.1 + 0.5 * gains).mean()) / 0.05) < 0.3
    assert standard_errors(ours[: 31 * 64], theirs[: 31 * 64], tiles[: 31 * 64]) is None
    assert standard_errors(theirs, theirs, tiles) == 0.0


def test_a_tile_is_as_wide_as_a_hole():
    unknown = torch.zeros((100, 90), dtype=torch.bool)
    unknown[20:60, 30:70] = True
    copy = SimpleNamespace(mended=torch.zeros(100, 90, 1), places=torch.arange(9000))
    assert len(tiles_of([copy], unknown).unique()) == 3 * 3
    unknown[22:60] = False
    assert len(tiles_of([copy, copy], unknown).unique()) == 2 * 7 * 6


def test_the_figure_says_how_its_change_is_drawn(tmp_path):
    image = inr.image_from_array(picture(40, 48))
    result = inpaint(image, torch.from_numpy(hidden(40, 48)[:, :, 0] == 0), Effort(steps=1))
    told_of = tell_mended(image, result)
    *_, (title, change) = told_of.panels.items()
    assert title == "change x 2; grey: none, white: 64 levels\nof 255 brighter or more, black: so much darker"
    assert np.array_equal(change, np.clip(0.5 + 2 * (unit(result.picture) - image.pixels), 0, 1))
    draw_panels(told_of, tmp_path / "a.png")
    assert has_figures(tmp_path / "a.png")
    paper = inr.load_image(tmp_path / "a.png").pixels[:2]
    assert np.all(paper == 1), "no title is cut off above"


def test_what_is_exact_in_the_check_is_called_so(tmp_path):
    saved(tmp_path / "a.png", np.full((40, 44, 3), 90, np.uint8))
    saved(tmp_path / "mask.png", hidden(40, 44))
    said = run("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "-o", tmp_path / "b.png").output
    assert "exact in the check" in said and "exact dB" not in said


def test_the_picture_is_on_disk_before_its_page_can_fail(tmp_path, monkeypatch):
    saved(tmp_path / "a.png", picture(20, 22))
    saved(tmp_path / "mask.png", hidden(20, 22))
    monkeypatch.setattr("inr.restoration.mended.views", lambda *_, **__: 1 / 0)
    command = ("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "--steps", 1, "-o", tmp_path / "b.png")
    assert "internal error" in run(*command, code=1).stderr
    assert inr.load_image(tmp_path / "b.png").width == 22


def masks():
    white = np.full((20, 22, 1), 255, np.uint8)
    see_through = np.dstack([white, np.full((20, 22), 128, np.uint8)])
    return {
        "must be of one size": hidden(20, 23),
        "all black": 0 * white,
        "all white": white,
        "make every pixel that is not black white": hidden(20, 22) // 2,
        "the brightest value is 1 of 255": hidden(20, 22) // 255,
        "the brightest value is 3 of 65,535": hidden(20, 22) // 255 * np.uint16(3),
        "transparent": see_through,
    }


@pytest.mark.parametrize("sentence", masks())
def test_a_mask_that_makes_no_sense_is_refused(tmp_path, sentence):
    saved(tmp_path / "a.png", picture(20, 22))
    inr.save_image(tmp_path / "mask.png", masks()[sentence])
    out = tmp_path / "b.png"
    result = run("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "-o", out, code=2)
    assert sentence in result.stderr and len(result.stderr.strip().splitlines()) == 1 and not out.exists()


@pytest.mark.parametrize("kind", ["palette", "opaque", "jpeg", "one bit"])
def test_masks_as_drawing_programs_write_them(tmp_path, kind):
    mask = np.zeros((40, 44), np.uint8)
    mask[8:20, 5:30], mask[30:33, 2:40] = 255, 255
    drawn = PIL.Image.fromarray(mask)
    path = tmp_path / ("mask.jpg" if kind == "jpeg" else "mask.png")
    mode = {"palette": "P", "opaque": "RGBA", "jpeg": "RGB", "one bit": "1"}[kind]
    drawn.convert(mode).save(path, **({"quality": 85} if kind == "jpeg" else {}))
    saved(tmp_path / "a.png", picture(40, 44))
    facts = told("inpaint", tmp_path / "a.png", "--mask", path, "--steps", 1, "-o", tmp_path / "b.png")
    assert facts["unknown"] == (mask > 0).sum()


def test_a_mask_that_is_mostly_white_is_wondered_at(tmp_path):
    saved(tmp_path / "a.png", picture(40, 44))
    command = ("inpaint", tmp_path / "a.png", "--mask", tmp_path / "mask.png", "--steps", 1, "--overwrite")
    command += ("-o", tmp_path / "b.png")
    scratch = np.zeros((40, 44, 1), np.uint8)
    scratch[20:22] = 255
    saved(tmp_path / "mask.png", 255 - scratch)
    warned = "Warning: 95 % of the mask's pixels are white, so unknown. If white should be what is known, invert"
    assert warned in run(*command).stderr
    assert "Warning" not in run(*command, "-q").stderr
    saved(tmp_path / "mask.png", scratch)
    assert "Warning" not in run(*command, "--grow", 14).stderr  # more than half is unknown, but not by the mask


def noisy(channels, dtype, sigma, side=40):
    """A smooth picture, and the same with noise in its colours."""
    y, x = np.mgrid[:side, :side] / side
    clean = np.stack([0.5 + 0.3 * np.sin(3 * x + 2 * y + c) for c in range(channels)], axis=2)
    noise = np.random.default_rng(0).normal(0, sigma / 255, clean.shape)
    if channels in (2, 4):
        noise[:, :, -1] = 0
    most = np.iinfo(dtype).max
    return clean, np.rint(np.clip(clean + noise, 0, 1) * most).astype(dtype)


@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (2, np.uint16), (3, np.uint16), (4, np.uint8)])
def test_denoise_estimates_the_noise_and_takes_it_away(tmp_path, channels, dtype):
    clean, spoiled = noisy(channels, dtype, 12)
    inr.save_image(tmp_path / "a.png", spoiled)
    out = tmp_path / "out.png"
    result = run("denoise", tmp_path / "a.png", "-o", out, "--steps", 2, "--json")
    facts, after = json.loads(result.stdout), inr.load_image(out)
    assert 10 < facts["sigma"] < 14 and facts["estimated"] == facts["sigma"]
    before = inr.load_image(tmp_path / "a.png").pixels
    if channels in (2, 4):
        assert np.array_equal(after.pixels[:, :, -1], before[:, :, -1])
        clean, before, after_pixels = clean[:, :, :-1], before[:, :, :-1], after.pixels[:, :, :-1]
    else:
        after_pixels = after.pixels
    assert np.square(after_pixels - clean).mean() < 0.15 * np.square(before - clean).mean()
    assert after.bit_depth == 8 * spoiled.itemsize
    assert "Noise of 1" in (tmp_path / "out.md").read_text() and (tmp_path / "out.before-after.png").exists()
    run("denoise", tmp_path / "a.png", "-o", out, code=1)  # exists


def test_the_noise_of_a_grey_picture_is_not_taken_for_more_than_it_is(tmp_path):
    """Its texture once was: what was taken away then was the picture's own."""
    clean = inr.load_image(DATA / "camera.png").pixels[60:220, 60:220]
    noise = np.random.default_rng(0).normal(0, 4 / 255, clean.shape)
    inr.save_image(tmp_path / "a.png", quantize(clean + noise, 8))
    facts = json.loads(
        run("denoise", tmp_path / "a.png", "-o", tmp_path / "b.png", "--preset", "fast", "--json").stdout
    )
    assert 3.2 < facts["sigma"] < 4.8
    before, after = (np.square(inr.load_image(tmp_path / name).pixels - clean).mean() for name in ("a.png", "b.png"))
    assert after < 0.7 * before


def cat_with_noise(tmp_path, sigma):
    """The middle of a photograph, and where a file of it lies that has noise in its colours."""
    clean = inr.load_image(DATA / "cat.png").pixels[70:230, 150:310]
    noise = np.random.default_rng(0).normal(0, sigma / 255, clean.shape)
    inr.save_image(tmp_path / "a.png", quantize(clean + noise, 8))
    return clean, tmp_path / "a.png"


def test_the_check_of_cleaning_is_about_true(tmp_path):
    clean, path = cat_with_noise(tmp_path, 12)
    facts = told("denoise", path, "--noise", 12, "--steps", 40, "-o", tmp_path / "b.png")
    error = np.square(inr.load_image(tmp_path / "b.png").pixels - clean).mean()
    assert abs(facts["check"][f"{facts['method']}_psnr_db"] + 10 * np.log10(error)) < 1.5
    page = (tmp_path / "b.md").read_text()
    assert f"| {facts['method']} (made this picture) |" in page and "as `--noise auto` finds" not in page
    assert "BM3D and trained networks, which are usually better" in page


def test_noise_that_is_less_than_was_said_is_not_measured_but_named(tmp_path):
    _, path = cat_with_noise(tmp_path, 5)
    out = tmp_path / "b.png"
    result = run("denoise", path, "--noise", 20, "--steps", 40, "-o", out, "--overwrite")
    page = out.with_suffix(".md").read_text()
    for said in (result.output, page, out.with_suffix(".html").read_text()):
        assert (
            "too small to be measured" in said and "give a smaller --noise" in said and "networks were dropped" in said
        )
        assert "The classical method made this picture" in said and "<td>" not in said
        assert re.search(r"its noise were only [45]\.\d levels, as `--noise auto` finds", said)
    assert "BM3D" in page and " dB" not in page + result.output
    facts = told("denoise", path, "--noise", 20, "--steps", 2, "-o", out, "--overwrite")
    assert facts["method"] == "shrinkage" and facts["check"] == {} and facts["checked"] > 0


def test_the_noise_may_be_given_and_what_has_none_stays(tmp_path):
    _, spoiled = noisy(3, np.uint8, 12)
    saved(tmp_path / "a.png", spoiled)
    given = run("denoise", tmp_path / "a.png", "--noise", "20.5", "--steps", 1, "-o", tmp_path / "b.png", "--json")
    assert json.loads(given.stdout)["sigma"] == 20.5
    saved(tmp_path / "flat.png", np.full((16, 18, 3), 90, np.uint8))
    done = run("denoise", tmp_path / "flat.png", "-o", tmp_path / "c.png")
    assert "stays as it is" in done.stdout and "stays as it is" not in done.stderr
    assert np.array_equal(inr.load_image(tmp_path / "c.png").pixels, inr.load_image(tmp_path / "flat.png").pixels)


def test_nothing_is_learned_from_noise_that_is_cut_off(tmp_path):
    dark = np.clip(np.random.default_rng(0).normal(40, 50, (24, 30, 3)), 0, 255).astype(np.uint8)
    saved(tmp_path / "dark.png", dark)
    out = run("denoise", tmp_path / "dark.png", "--noise", 50, "--steps", 1, "-o", tmp_path / "out.png", "--json")
    facts = json.loads(out.stdout)
    assert facts["cut_off"] and facts["method"] == "shrinkage" and not facts["check"]
    page = (tmp_path / "out.md").read_text()
    assert "Many pixels are fully black or white, where noise can go no further" in page
    assert "The classical method made this picture, shrinkage of 8 x 8 cosine blocks" in page
    assert "BM3D" in page and "usually better" in page and "of training" not in page and "--noise auto" not in page
    assert "What was taken away has a deviation" in (tmp_path / "out.html").read_text()


@pytest.mark.parametrize("noise", ["0", "-1", "nan", "200", "much"])
def test_a_noise_that_is_none_is_refused(tmp_path, noise):
    saved(tmp_path / "a.png", picture(16, 18))
    result = run("denoise", tmp_path / "a.png", f"--noise={noise}", "-o", tmp_path / "b.png", code=2)
    assert "--noise" in result.stderr


def test_a_picture_of_one_pixel_is_refused(tmp_path):
    saved(tmp_path / "a.png", np.full((1, 1, 1), 255, np.uint8))
    assert "1 x 1 pixels" in run("denoise", tmp_path / "a.png", "-o", tmp_path / "b.png", code=2).stderr
    result = run("inpaint", tmp_path / "a.png", "--mask", tmp_path / "a.png", "-o", tmp_path / "b.png", code=2)
    assert "1 x 1 pixels" in result.stderr

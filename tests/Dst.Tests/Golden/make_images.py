"""Makes images.json: small image files written by Pillow, and the pixels that Pillow reads from them.

    apt-get install python3-pil            (Pillow 9.4 of Debian 12)
    /usr/bin/python3 make_images.py

An entry has the file in base64, its bands, height and width, the samples plane by plane, and the largest difference that another decoder
may have. EXIF orientation is applied. Alpha is blended with black.
"""
import base64
import io
import json
import pathlib

from PIL import Image, ImageOps

images = {}


def colour(width, height):
    image = Image.new("RGB", (width, height))
    image.putdata([(60 * x % 256, 100 * y % 256, (200 - 40 * x) % 256) for y in range(height) for x in range(width)])
    return image


def grey(width, height):
    image = Image.new("L", (width, height))
    image.putdata([(50 * y + x) % 256 for y in range(height) for x in range(width)])
    return image


def smooth(mode, width, height):
    image = Image.new(mode, (width, height))
    bands = len(image.getbands())
    pixels = [tuple(60 + 4 * x + 3 * y + 20 * b for b in range(bands)) for y in range(height) for x in range(width)]
    image.putdata(pixels if bands > 1 else [pixel[0] for pixel in pixels])
    return image


def planes(image):
    if image.format != "TIFF":  # Pillow turns a TIFF itself when it loads
        image = ImageOps.exif_transpose(image)
    if image.mode in ("P", "CMYK", "YCbCr", "1"):
        image = image.convert("RGB")
    bands = image.split()
    if image.mode in ("LA", "RGBA"):
        alpha = bands[-1].getdata()
        return [[(v * a + 127) // 255 for v, a in zip(band.getdata(), alpha)] for band in bands[:-1]], image
    return [list(band.getdata()) for band in bands], image


def add(name, image, kind, tolerance=0, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    bands, read = planes(Image.open(io.BytesIO(file.getvalue())))
    if len(bands) == 3 and name.startswith("grey_"):
        assert bands[0] == bands[1] == bands[2]
        bands = bands[:1]
    images[name] = {
        "file": base64.b64encode(file.getvalue()).decode(), "tolerance": tolerance, "channels": len(bands),
        "height": read.height, "width": read.width, "samples": sum(bands, []),
    }


def exif(orientation):
    result = Image.Exif()
    result[0x0112] = orientation
    return result


for suffix, kind in (("gif", "GIF"), ("bmp", "BMP"), ("tga", "TGA"), ("ppm", "PPM"), ("png", "PNG"), ("tiff", "TIFF")):
    add("colour_" + suffix, colour(5, 3), kind)
    add("grey_" + suffix, grey(5, 3), kind)
add("colour_tga_packed", colour(5, 3), "TGA", compression="tga_rle")
add("colour_webp", colour(5, 3), "WEBP", lossless=True)
add("colour_webp_lossy", smooth("RGB", 24, 17), "WEBP", tolerance=4, quality=90)

transparent = colour(5, 3).convert("RGBA")
transparent.putalpha(grey(5, 3))
for suffix, kind, options in (("png", "PNG", {}), ("webp", "WEBP", {"lossless": True, "exact": True}), ("tga", "TGA", {})):
    add("alpha_" + suffix, transparent, kind, **options)
add("alpha_grey_png", transparent.convert("LA"), "PNG")
add("alpha_tiff", transparent, "TIFF")

for orientation in range(1, 9):
    add(f"turned_{orientation}_png", colour(5, 3), "PNG", exif=exif(orientation))
    add(f"turned_{orientation}_tiff", colour(5, 3), "TIFF", tiffinfo={274: orientation})
add("turned_6_webp", colour(5, 3), "WEBP", lossless=True, exif=exif(6))
add("turned_8_jpeg", smooth("RGB", 24, 17), "JPEG", tolerance=4, quality=95, subsampling=0, exif=exif(8))
add("turned_5_palette_tiff", colour(5, 3).quantize(15), "TIFF", tiffinfo={274: 5})

add("jpeg_grey", smooth("L", 24, 17), "JPEG", tolerance=2, quality=90)
add("jpeg_colour", smooth("RGB", 24, 17), "JPEG", tolerance=4, quality=95, subsampling=2)
add("jpeg_progressive", smooth("RGB", 24, 17), "JPEG", tolerance=4, quality=95, progressive=True)
add("jpeg_cmyk", smooth("CMYK", 24, 17), "JPEG", tolerance=4, quality=95)

add("tiff_palette", colour(5, 3).quantize(15), "TIFF")
add("tiff_cmyk", smooth("CMYK", 5, 3), "TIFF", tolerance=1)
add("grey_tiff_bilevel", grey(24, 17).point(lambda v: 255 * (v > 100)).convert("1"), "TIFF", compression="group4")
add("tiff_deflate", colour(5, 3), "TIFF", compression="tiff_adobe_deflate")
add("tiff_lzw", colour(5, 3), "TIFF", compression="tiff_lzw")
add("tiff_packbits", grey(5, 3), "TIFF", compression="packbits")
add("tiff_jpeg", smooth("RGB", 24, 17), "TIFF", tolerance=8, compression="jpeg", quality=95)
pathlib.Path(__file__).with_name("images.json").write_text(
    "{\n" + ",\n".join(f'"{name}": {json.dumps(entry)}' for name, entry in images.items()) + "\n}\n")

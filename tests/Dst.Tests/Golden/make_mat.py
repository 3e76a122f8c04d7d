"""Prints the MATLAB files of MatFileTests.cs in base64, written by SciPy.

    apt-get install python3-scipy            (SciPy 1.10 of Debian 12)
    /usr/bin/python3 make_mat.py
"""
import base64
import io

import numpy
from scipy.io import savemat


def show(name, variables, **options):
    file = io.BytesIO()
    savemat(file, variables, **options)
    print(name, base64.b64encode(file.getvalue()).decode())


chip = numpy.array([[3 + 4j, 0, 6 + 8j], [0, 1, 0]], numpy.complex64)
show("packed", {"azimuth": 12.5, "target_name": "T72", "complex_img": chip, "grid": numpy.eye(4)}, do_compression=True)
show("doubles", {"x": numpy.array([[-1.5, 2], [3, 4], [5, 6]])})
show("bytes", {"x": numpy.array([[1, 2, 3], [4, 5, 6]], numpy.uint8), "y": 1.0})
show("two", {"x": numpy.eye(2), "y": numpy.eye(3)})

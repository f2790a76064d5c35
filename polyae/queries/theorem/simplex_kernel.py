"""Nearest points of many simplices in a space of many dimensions: compiled.

With corners ``c_v``, Gram matrix ``G_uv = (c_u - c_0)·(c_v - c_0)`` and ``b_v = (c_v - c_0)·(x - c_0)``, the squared
distance of x from ``Σ λ_v c_v`` is ``‖x - c_0‖² - 2 bλ + λGλ``: a problem in as many dimensions as the simplex has.
It is solved face by face.  Whatever λ comes out, the foot ``y = Σ λ_v c_v`` is a point of the simplex, and with
``n = (x - y) / ‖x - y‖`` no point is nearer than ``min_v n·(x - c_v)``, by duality.

The search over all simplices goes through a tree of balls and leaves out what is farther than a distance reached.
"""

from __future__ import annotations

import numpy as np

from polyae.predicates.jit import compiled
from polyae.tolerances import UNIT_ROUNDOFF

__all__ = ["feet", "nearest_simplices"]

#: A face is left out if a pivot of its Gram matrix falls below this share of the diagonal: some smaller face
#: then holds a point as near up to rounding.
FLAT = 1e-13


@compiled
def _on_face(gram, b, face, size, share):  # type: ignore[no-untyped-def]
    """Nearest point of the hull of some corners; whether it lies in it, and its value."""
    base, k = face[0], size - 1
    matrix, right = np.empty((k, k)), np.empty(k)
    for i in range(k):
        u = face[i + 1]
        right[i] = b[u] - b[base] - gram[u, base] + gram[base, base]
        for j in range(k):
            v = face[j + 1]
            matrix[i, j] = gram[u, v] - gram[u, base] - gram[base, v] + gram[base, base]
    for i in range(k):
        diagonal = matrix[i, i]
        for j in range(i):
            matrix[i, i] -= matrix[i, j] * matrix[i, j]
        if not matrix[i, i] > FLAT * diagonal:
            return False, 0.0
        matrix[i, i] = np.sqrt(matrix[i, i])
        for u in range(i + 1, k):
            for j in range(i):
                matrix[u, i] -= matrix[u, j] * matrix[i, j]
            matrix[u, i] /= matrix[i, i]
    gain = 0.0
    for i in range(k):
        for j in range(i):
            right[i] -= matrix[i, j] * right[j]
        right[i] /= matrix[i, i]
        gain += right[i] * right[i]
    total = 0.0
    for i in range(k - 1, -1, -1):
        for j in range(i + 1, k):
            right[i] -= matrix[j, i] * right[j]
        right[i] /= matrix[i, i]
        if right[i] < 0.0:
            return False, 0.0
        total += right[i]
    if total > 1.0:
        return False, 0.0
    share[:] = 0.0
    share[base] = 1.0 - total
    for i in range(k):
        share[face[i + 1]] = right[i]
    return True, gram[base, base] - 2.0 * b[base] - gain


@compiled
def _weights(gram, b, weights):  # type: ignore[no-untyped-def]
    """Barycentric coordinates of the nearest point of a simplex."""
    count = len(b)
    face, share = np.empty(count, dtype=np.int64), np.zeros(count)
    for k in range(count):
        face[k] = k
    if count > 1 and _on_face(gram, b, face, count, share)[0]:
        weights[:] = share
        return
    best = np.inf
    for subset in range(1, (1 << count) - 1 if count > 1 else 2):
        size = 0
        for k in range(count):
            if subset >> k & 1:
                face[size] = k
                size += 1
        inside, value = _on_face(gram, b, face, size, share)
        if inside and value < best:
            best = value
            weights[:] = share


@compiled
def _foot(x, corners, simplex, gram, b, weights, foot):  # type: ignore[no-untyped-def]
    """Foot of x on a simplex, its distance, and the bound of duality."""
    count, d = len(simplex), len(x)
    base = corners[simplex[0]]
    for v in range(count):
        b[v] = 0.0
        corner = corners[simplex[v]]
        for k in range(d):
            b[v] += (corner[k] - base[k]) * (x[k] - base[k])
    _weights(gram, b, weights)
    square = 0.0
    for k in range(d):
        foot[k] = base[k]
        for v in range(1, count):
            foot[k] += weights[v] * (corners[simplex[v], k] - base[k])
        square += (x[k] - foot[k]) * (x[k] - foot[k])
    apart = np.sqrt(square)
    if apart == 0.0:
        return 0.0, 0.0
    least = np.inf
    for v in range(count):
        height, size = 0.0, 0.0
        corner = corners[simplex[v]]
        for k in range(d):
            way = x[k] - corner[k]
            height += (x[k] - foot[k]) * way
            size += way * way
        error = 2.0 * (d + 8) * UNIT_ROUNDOFF * np.sqrt(size)
        least = min(least, height / apart - error)
    return apart * (1.0 + (d + 8) * UNIT_ROUNDOFF), max(min(least, apart), 0.0)


@compiled
def _outside(x, centre, radius):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(len(x)):
        total += (x[k] - centre[k]) * (x[k] - centre[k])
    return max(np.sqrt(total) * (1.0 - (len(x) + 8) * UNIT_ROUNDOFF) - radius, 0.0)


@compiled
def nearest_simplices(points, hint, tolerance, corners, simplices, grams, nodes, balls):  # type: ignore[no-untyped-def]
    """Nearest of all simplices to each of n points.

    Parameters
    ----------
    points : array, shape (n, d)
    hint : array of int, shape (n,)
        A simplex that may be near.
    tolerance : array, shape (n,)
        The lower bound may be this much below the distance reached.
    corners, simplices, grams : arrays, shapes (v, d), (s, k), (s, k, k)
    nodes : array of int, shape (t, 3)
        Children of the nodes of the tree and -1, or first and last simplex and -2, which are those in `order`.
    balls : tuple
        centres (t, d) and radii (t,), order (s,), and centres (s, d) and radii (s,) of the simplices.

    Returns
    -------
    number : array of int, shape (n,)
    upper, lower : arrays, shape (n,)
    """
    centres, radii, order, own_centres, own_radii = balls
    n, d = points.shape
    count = simplices.shape[1]
    number, upper, lower = np.empty(n, dtype=np.int64), np.empty(n), np.empty(n)
    b, weights, foot = np.empty(count), np.empty(count), np.empty(d)
    stack, below = np.empty(len(nodes) + 2, dtype=np.int64), np.empty(len(nodes) + 2)
    for i in range(n):
        x = points[i]
        best, least = _foot(x, corners, simplices[hint[i]], grams[hint[i]], b, weights, foot)
        number[i] = hint[i]
        stack[0], below[0], size = 0, _outside(x, centres[0], radii[0]), 1
        while size > 0:
            size -= 1
            node, low = stack[size], below[size]
            if low >= best - tolerance[i]:
                least = min(least, low)
                continue
            if nodes[node, 2] == -2:
                for k in range(nodes[node, 0], nodes[node, 1]):
                    s = order[k]
                    low = _outside(x, own_centres[s], own_radii[s])
                    if low < best - tolerance[i] and s != hint[i]:
                        high, low = _foot(x, corners, simplices[s], grams[s], b, weights, foot)
                        if high < best:
                            best = high
                            number[i] = s
                    elif s == hint[i]:
                        continue
                    least = min(least, low)
                continue
            left, right = nodes[node, 0], nodes[node, 1]
            dl = max(_outside(x, centres[left], radii[left]), low)
            dr = max(_outside(x, centres[right], radii[right]), low)
            if dl < dr:
                left, right, dl, dr = right, left, dr, dl
            stack[size], below[size], stack[size + 1], below[size + 1] = left, dl, right, dr
            size += 2
        upper[i], lower[i] = best, min(least, best)
    return number, upper, lower


@compiled
def feet(points, first, numbers, corners, simplices, grams):  # type: ignore[no-untyped-def]
    """Nearest point of one of several simplices to each of n points.

    Parameters
    ----------
    points : array, shape (n, d)
    first : array of int, shape (n + 1,)
    numbers : array of int, shape (total,)
        Point i is projected to the simplices ``numbers[first[i]:first[i + 1]]``.

    Returns
    -------
    feet : array, shape (n, d)
    number : array of int, shape (n,)
    upper : array, shape (n,)
    """
    n, d = points.shape
    count = simplices.shape[1]
    found, number, upper = np.empty((n, d)), np.empty(n, dtype=np.int64), np.full(n, np.inf)
    b, weights, foot = np.empty(count), np.empty(count), np.empty(d)
    for i in range(n):
        for j in range(first[i], first[i + 1]):
            s = numbers[j]
            high, _low = _foot(points[i], corners, simplices[s], grams[s], b, weights, foot)
            if high < upper[i]:
                upper[i], number[i] = high, s
                found[i] = foot
    return found, number, upper

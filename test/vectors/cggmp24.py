"""
An independent implementation of Paillier's encryption and of the nine proofs of CGGMP24, from their formulas
and with Python's standard library alone. It writes cggmp24.json, which the tests hold the product's code
against, and takes some minutes:

    python3 test/vectors/cggmp24.py > test/vectors/cggmp24.json

Every proof is made here, verified here by equations written separately from the prover's, and refused here
after one of its answers was changed. What is random comes from a seed, so that the product's prover can be
given the same.

Encoding. All hash inputs and proofs are deterministic CBOR (RFC 8949, section 4.2.1): integers from 0 on,
byte strings, text, lists, maps from text, true, false and null; shortest heads, definite lengths, the keys of
a map in the order of their encoded bytes, every key once.

    natural   byte string: the number's bytes, big endian, without leading zeros; empty for 0
    integer   byte string: one byte 00 (0 or more) or 01 (negative), then the absolute value as a natural
    point     byte string: 33 bytes, SEC 1 compressed
    scalar    byte string: 32 bytes, big endian

A challenge starts from

    seed = SHA-512(CBOR(["mpc/cggmp24-challenge/v1",
                         [level, kind, ssid, epoch, prover, verifier or null, role],
                         ["secp256k1", natural(q), l, epsilon, l', repetitions],
                         [statement ...], [commitments ...]]))
    stream = SHA-512(CBOR(["mpc/cggmp24-expand/v1", seed, 0])) || the same with 1 || ...

and is, of the stream's first bytes as a big-endian number:

    modulo q     64 bytes, reduced to (-q/2, q/2]
    below M      ceil((bits(M) + 128) / 8) bytes, reduced modulo M
    in +-2^b     as below 2^b + 1, less 2^(b-1)
    k bits       ceil(k / 8) bytes, the least significant bit of each byte first

Sampling reads ceil((bits(M) + 128) / 8) bytes for a number below M and reduces; +-X is as below
2 floor(X/2) + 1, less floor(X/2); a scalar is 48 bytes modulo q - 1, plus 1. An answer of the generator with
a seed is SHA-256(CBOR([seed ..., c])) for the next c from 0 on, as many as are needed, cut to the length that
was asked for.
"""

import hashlib
import json
import math
import os

# ------------------------------------------------------------------------------------ encoding and sampling


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for code, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << (8 * width):
            return bytes([major << 5 | code]) + n.to_bytes(width, "big")
    raise ValueError("too large")


def cbor(value):
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        assert value >= 0
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(item) for item in value)
    if isinstance(value, dict):
        items = sorted((cbor(key), cbor(item)) for key, item in value.items())
        return head(5, len(items)) + b"".join(key + item for key, item in items)
    raise TypeError(type(value))


def natural(x):
    assert x >= 0
    return x.to_bytes((x.bit_length() + 7) // 8, "big")


def integer(x):
    return (b"\x01" if x < 0 else b"\x00") + natural(abs(x))


def number(data):
    return int.from_bytes(data, "big")


def generator(*seed):
    counter = 0

    def rng(length):
        nonlocal counter
        out = b""
        while len(out) < length:
            out += hashlib.sha256(cbor([*seed, counter])).digest()
            counter += 1
        return out[:length]

    return rng


def bytes_below(bound):
    return (bound.bit_length() + 128 + 7) // 8


def below(bound, rng):
    return number(rng(bytes_below(bound))) % bound


def plus_minus(X, rng):
    return below(2 * (X // 2) + 1, rng) - X // 2


def unit(N, rng):
    x = below(N, rng)
    assert math.gcd(x, N) == 1
    return x


def random_scalar(rng):
    return number(rng(48)) % (q - 1) + 1


# ------------------------------------------------------------------------------------------------ secp256k1

FIELD = 2**256 - 2**32 - 977
q = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
IDENTITY = None


def plus(P, Q):
    if P is IDENTITY or Q is IDENTITY:
        return Q if P is IDENTITY else P
    (x1, y1), (x2, y2) = P, Q
    if x1 == x2 and (y1 + y2) % FIELD == 0:
        return IDENTITY
    if P == Q:
        slope = 3 * x1 * x1 * pow(2 * y1, -1, FIELD)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, FIELD)
    x3 = (slope * slope - x1 - x2) % FIELD
    return x3, (slope * (x1 - x3) - y1) % FIELD


def mul(k, P):
    k %= q
    result = IDENTITY
    while k:
        if k & 1:
            result = plus(result, P)
        P = plus(P, P)
        k >>= 1
    return result


def point(P):
    x, y = P
    return bytes([2 + (y & 1)]) + x.to_bytes(32, "big")


def scalar(x):
    assert 0 <= x < q
    return x.to_bytes(32, "big")


# --------------------------------------------------------------------------------------- levels, challenges


class Level:
    ell, ell_prime, epsilon, repetitions = 256, 1280, 512, 128

    def __init__(self, name, modulus_bits):
        self.name, self.modulus_bits = name, modulus_bits

    def dec_y(self):
        return self.ell_prime + self.epsilon + 1 + 20

    def dec_w(self):
        return min(self.dec_y() + self.epsilon, self.modulus_bits - 4)


class Context:
    def __init__(self, level, verifier, role):
        self.level, self.verifier, self.role = level, verifier, role
        self.ssid, self.epoch, self.prover = bytes([0x51] * 32), bytes([0xE9] * 32), 1

    def seed(self, kind, statement, commitments):
        level = self.level
        return hashlib.sha512(
            cbor(
                [
                    "mpc/cggmp24-challenge/v1",
                    [level.name, kind, self.ssid, self.epoch, self.prover, self.verifier, self.role],
                    ["secp256k1", natural(q), level.ell, level.epsilon, level.ell_prime, level.repetitions],
                    statement,
                    commitments,
                ]
            )
        ).digest()

    def stream(self, length, *of):
        seed, out, block = self.seed(*of), b"", 0
        while len(out) < length:
            out += hashlib.sha512(cbor(["mpc/cggmp24-expand/v1", seed, block])).digest()
            block += 1
        return out[:length]

    def mod_q(self, *of):
        e = number(self.stream(64, *of)) % q
        return e - q if 2 * e > q else e

    def below(self, bound, *of):
        return number(self.stream(bytes_below(bound), *of)) % bound

    def plus_minus(self, bits, *of):
        return self.below(2**bits + 1, *of) - 2 ** (bits - 1)

    def bits(self, count, *of):
        stream = self.stream((count + 7) // 8, *of)
        return [stream[k // 8] >> k % 8 & 1 for k in range(count)]


# ------------------------------------------------------------------------------------ Paillier and Pedersen


def enc(N, x, r):
    return pow(1 + N, x % N, N * N) * pow(r, N, N * N) % (N * N)


def dec(p, q_, C):
    N, phi = p * q_, (p - 1) * (q_ - 1)
    x = (pow(C, phi, N * N) - 1) // N * pow(phi, -1, N) % N
    return x - N if 2 * x > N else x


def nonce_of(p, q_, C):
    N, phi = p * q_, (p - 1) * (q_ - 1)
    return pow(C * pow(1 + N, -dec(p, q_, C), N * N) % N, pow(N, -1, phi), N)


class Party:
    def __init__(self, index, primes):
        self.index = index
        self.p, self.q, self.p_hat, self.q_hat = primes[4 * (index - 1) : 4 * index]
        self.N, self.N_hat = self.p * self.q, self.p_hat * self.q_hat
        self.phi, self.phi_hat = (self.p - 1) * (self.q - 1), (self.p_hat - 1) * (self.q_hat - 1)
        rng = generator("pedersen", index)
        self.t = unit(self.N_hat, rng) ** 2 % self.N_hat
        self.lam = below(self.phi_hat // 4, rng)
        self.s = pow(self.t, self.lam, self.N_hat)

    def com(self, a, b):
        return pow(self.s, a, self.N_hat) * pow(self.t, b, self.N_hat) % self.N_hat

    def rp(self):
        return [natural(self.N_hat), natural(self.s), natural(self.t)]


def in_range(z, bits):
    return abs(z) <= 2 ** (bits - 1)


def units(N, *values):
    return all(0 < value < N and math.gcd(value, N) == 1 for value in values)


# -------------------------------------------------------------------------------------- the proofs, 2.1-2.9


class EncElg:
    kind = "enc-elg"

    @staticmethod
    def challenge(ctx, rp, st, pf):
        statement = rp.rp() + [natural(st["N0"]), natural(st["C"])] + [point(st[n]) for n in "ABX"]
        commitments = [natural(pf[n]) for n in "STD"] + [point(pf["Y"]), point(pf["Z"])]
        return ctx.mod_q("enc-elg", statement, commitments)

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        lv, N0 = ctx.level, st["N0"]
        alpha = plus_minus(2 ** (lv.ell + lv.epsilon), rng)
        mu = plus_minus(2**lv.ell * rp.N_hat, rng)
        r = unit(N0, rng)
        beta = random_scalar(rng)
        gamma = plus_minus(2 ** (lv.ell + lv.epsilon) * rp.N_hat, rng)
        pf = {
            "S": rp.com(wt["x"], mu),
            "T": rp.com(alpha, gamma),
            "D": enc(N0, alpha, r),
            "Y": plus(mul(beta, st["A"]), mul(alpha, G)),
            "Z": mul(beta, G),
        }
        e = EncElg.challenge(ctx, rp, st, pf)
        return pf | {
            "z1": alpha + e * wt["x"],
            "z2": r * pow(wt["rho"], e, N0) % N0,
            "z3": gamma + e * mu,
            "w": (beta + e * wt["b"]) % q,
        }

    @staticmethod
    def verify(ctx, rp, st, pf):
        lv, N0, e = ctx.level, st["N0"], EncElg.challenge(ctx, rp, st, pf)
        return (
            units(N0**2, st["C"], pf["D"])
            and units(N0, pf["z2"])
            and units(rp.N_hat, pf["S"], pf["T"])
            and in_range(pf["z1"], lv.ell + lv.epsilon)
            and enc(N0, pf["z1"], pf["z2"]) == pf["D"] * pow(st["C"], e, N0**2) % N0**2
            and plus(mul(pf["w"], st["A"]), mul(pf["z1"], G)) == plus(pf["Y"], mul(e, st["X"]))
            and mul(pf["w"], G) == plus(pf["Z"], mul(e, st["B"]))
            and rp.com(pf["z1"], pf["z3"]) == pf["T"] * pow(pf["S"], e, rp.N_hat) % rp.N_hat
        )

    @staticmethod
    def encode(pf):
        out = {n: natural(pf[n]) for n in ("S", "T", "D", "z2")}
        return out | {n: integer(pf[n]) for n in ("z1", "z3")} | {
            "Y": point(pf["Y"]),
            "Z": point(pf["Z"]),
            "w": scalar(pf["w"]),
        }


class AffG:
    kind = "aff-g"

    @staticmethod
    def challenge(ctx, rp, st, pf):
        statement = rp.rp() + [natural(st[n]) for n in ("N_j", "N_i", "C", "D", "Y")] + [point(st["X"])]
        commitments = [natural(pf["A"]), point(pf["B_x"])] + [natural(pf[n]) for n in ("B_y", *"ESFT")]
        return ctx.mod_q("aff-g", statement, commitments)

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        lv, N_j, N_i = ctx.level, st["N_j"], st["N_i"]
        alpha = plus_minus(2 ** (lv.ell + lv.epsilon), rng)
        beta = plus_minus(2 ** (lv.ell_prime + lv.epsilon), rng)
        r, r_y = unit(N_j, rng), unit(N_i, rng)
        gamma = plus_minus(2 ** (lv.ell + lv.epsilon) * rp.N_hat, rng)
        delta = plus_minus(2 ** (lv.ell + lv.epsilon) * rp.N_hat, rng)
        m = plus_minus(2**lv.ell * rp.N_hat, rng)
        mu = plus_minus(2**lv.ell * rp.N_hat, rng)
        pf = {
            "A": pow(st["C"], alpha, N_j**2) * enc(N_j, beta, r) % N_j**2,
            "B_x": mul(alpha, G),
            "B_y": enc(N_i, beta, r_y),
            "E": rp.com(alpha, gamma),
            "S": rp.com(wt["x"], m),
            "F": rp.com(beta, delta),
            "T": rp.com(wt["y"], mu),
        }
        e = AffG.challenge(ctx, rp, st, pf)
        return pf | {
            "z1": alpha + e * wt["x"],
            "z2": beta + e * wt["y"],
            "z3": gamma + e * m,
            "z4": delta + e * mu,
            "w": r * pow(wt["rho"], e, N_j) % N_j,
            "w_y": r_y * pow(wt["rho_y"], e, N_i) % N_i,
        }

    @staticmethod
    def verify(ctx, rp, st, pf):
        lv, N_j, N_i, e = ctx.level, st["N_j"], st["N_i"], AffG.challenge(ctx, rp, st, pf)
        return (
            units(N_j**2, st["C"], st["D"], pf["A"])
            and units(N_i**2, st["Y"], pf["B_y"])
            and units(rp.N_hat, pf["E"], pf["S"], pf["F"], pf["T"])
            and units(N_j, pf["w"])
            and units(N_i, pf["w_y"])
            and in_range(pf["z1"], lv.ell + lv.epsilon)
            and in_range(pf["z2"], lv.ell_prime + lv.epsilon)
            and pow(st["C"], pf["z1"], N_j**2) * enc(N_j, pf["z2"], pf["w"]) % N_j**2
            == pf["A"] * pow(st["D"], e, N_j**2) % N_j**2
            and mul(pf["z1"], G) == plus(pf["B_x"], mul(e, st["X"]))
            and enc(N_i, pf["z2"], pf["w_y"]) == pf["B_y"] * pow(st["Y"], e, N_i**2) % N_i**2
            and rp.com(pf["z1"], pf["z3"]) == pf["E"] * pow(pf["S"], e, rp.N_hat) % rp.N_hat
            and rp.com(pf["z2"], pf["z4"]) == pf["F"] * pow(pf["T"], e, rp.N_hat) % rp.N_hat
        )

    @staticmethod
    def encode(pf):
        out = {n: natural(pf[n]) for n in ("A", "B_y", "E", "S", "F", "T", "w", "w_y")}
        return out | {n: integer(pf[n]) for n in ("z1", "z2", "z3", "z4")} | {"B_x": point(pf["B_x"])}


class Elog:
    kind = "elog"

    @staticmethod
    def challenge(ctx, st, pf):
        return ctx.mod_q("elog", [point(st[n]) for n in "LMXYh"], [point(pf[n]) for n in "ANB"])

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        alpha, m = random_scalar(rng), random_scalar(rng)
        pf = {"A": mul(alpha, G), "N": plus(mul(m, G), mul(alpha, st["X"])), "B": mul(m, st["h"])}
        e = Elog.challenge(ctx, st, pf)
        return pf | {"z": (alpha + e * wt["lambda"]) % q, "u": (m + e * wt["y"]) % q}

    @staticmethod
    def verify(ctx, rp, st, pf):
        e = Elog.challenge(ctx, st, pf)
        return (
            mul(pf["z"], G) == plus(pf["A"], mul(e, st["L"]))
            and plus(mul(pf["u"], G), mul(pf["z"], st["X"])) == plus(pf["N"], mul(e, st["M"]))
            and mul(pf["u"], st["h"]) == plus(pf["B"], mul(e, st["Y"]))
        )

    @staticmethod
    def encode(pf):
        return {n: point(pf[n]) for n in "ANB"} | {n: scalar(pf[n]) for n in "zu"}


class Sch:
    kind = "sch"

    @staticmethod
    def challenge(ctx, st):
        return ctx.mod_q("sch", [point(st["X"])], [point(st["A"])])

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        return {"z": (wt["tau"] + Sch.challenge(ctx, st) * wt["x"]) % q}

    @staticmethod
    def verify(ctx, rp, st, pf):
        return mul(pf["z"], G) == plus(st["A"], mul(Sch.challenge(ctx, st), st["X"]))

    @staticmethod
    def encode(pf):
        return {"z": scalar(pf["z"])}


class Dec:
    kind = "dec"

    @staticmethod
    def challenge(ctx, st, first):
        statement = [natural(st[n]) for n in "NKD"] + [point(st[n]) for n in ("X", "S", "base")]
        commitments = [[natural(one["A"]), point(one["C"]), point(one["B"])] for one in first]
        return ctx.bits(ctx.level.repetitions, "dec", statement, commitments)

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        lv, N = ctx.level, st["N"]
        nonces = [
            (plus_minus(2 ** (lv.ell + lv.epsilon), rng), plus_minus(2 ** lv.dec_w(), rng), unit(N, rng))
            for _ in range(lv.repetitions)
        ]
        first = [
            {
                "A": pow(st["K"], -alpha, N**2) * enc(N, beta, r) % N**2,
                "C": mul(alpha, G),
                "B": mul(beta, st["base"]),
            }
            for alpha, beta, r in nonces
        ]
        return [
            one | {"z": alpha + e * wt["x"], "w": beta + e * wt["y"], "nu": r * pow(wt["rho"], e, N) % N}
            for one, (alpha, beta, r), e in zip(first, nonces, Dec.challenge(ctx, st, first), strict=True)
        ]

    @staticmethod
    def verify(ctx, rp, st, pf):
        lv, N = ctx.level, st["N"]
        return len(pf) == lv.repetitions and units(N**2, st["K"], st["D"]) and all(
            units(N**2, one["A"])
            and units(N, one["nu"])
            and in_range(one["z"], lv.ell + lv.epsilon)
            and in_range(one["w"], lv.dec_w())
            and enc(N, one["w"], one["nu"]) * pow(st["K"], -one["z"], N**2) % N**2
            == one["A"] * pow(st["D"], e, N**2) % N**2
            and mul(one["z"], G) == plus(one["C"], mul(e, st["X"]))
            and mul(one["w"], st["base"]) == plus(one["B"], mul(e, st["S"]))
            for one, e in zip(pf, Dec.challenge(ctx, st, pf), strict=True)
        )

    @staticmethod
    def encode(pf):
        return [
            {"A": natural(one["A"]), "nu": natural(one["nu"])}
            | {n: point(one[n]) for n in "CB"}
            | {n: integer(one[n]) for n in "zw"}
            for one in pf
        ]


class AffGStar:
    kind = "aff-g-star"

    @staticmethod
    def challenge(ctx, st, first):
        statement = [natural(st[n]) for n in ("N_j", "N_i", "C", "D", "Y")] + [point(st["X"])]
        commitments = [[natural(one["A"]), point(one["B_x"]), natural(one["B_y"])] for one in first]
        return ctx.bits(ctx.level.repetitions, "aff-g-star", statement, commitments)

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        lv, N_j, N_i = ctx.level, st["N_j"], st["N_i"]
        nonces = [
            (
                plus_minus(2 ** (lv.ell + lv.epsilon), rng),
                plus_minus(2 ** (lv.ell_prime + lv.epsilon), rng),
                unit(N_j, rng),
                unit(N_i, rng),
            )
            for _ in range(lv.repetitions)
        ]
        first = [
            {
                "A": pow(st["C"], alpha, N_j**2) * enc(N_j, beta, r) % N_j**2,
                "B_x": mul(alpha, G),
                "B_y": enc(N_i, beta, r_y),
            }
            for alpha, beta, r, r_y in nonces
        ]
        bits = AffGStar.challenge(ctx, st, first)
        return [
            one
            | {
                "z1": alpha + e * wt["x"],
                "z2": beta + e * wt["y"],
                "w": r * pow(wt["rho"], e, N_j) % N_j,
                "w_y": r_y * pow(wt["rho_y"], e, N_i) % N_i,
            }
            for one, (alpha, beta, r, r_y), e in zip(first, nonces, bits, strict=True)
        ]

    @staticmethod
    def verify(ctx, rp, st, pf):
        lv, N_j, N_i = ctx.level, st["N_j"], st["N_i"]
        statement = units(N_j**2, st["C"], st["D"]) and units(N_i**2, st["Y"])
        return len(pf) == lv.repetitions and statement and all(
            units(N_j**2, one["A"])
            and units(N_i**2, one["B_y"])
            and units(N_j, one["w"])
            and units(N_i, one["w_y"])
            and in_range(one["z1"], lv.ell + lv.epsilon)
            and in_range(one["z2"], lv.ell_prime + lv.epsilon)
            and pow(st["C"], one["z1"], N_j**2) * enc(N_j, one["z2"], one["w"]) % N_j**2
            == one["A"] * pow(st["D"], e, N_j**2) % N_j**2
            and mul(one["z1"], G) == plus(one["B_x"], mul(e, st["X"]))
            and enc(N_i, one["z2"], one["w_y"]) == one["B_y"] * pow(st["Y"], e, N_i**2) % N_i**2
            for one, e in zip(pf, AffGStar.challenge(ctx, st, pf), strict=True)
        )

    @staticmethod
    def encode(pf):
        return [
            {n: natural(one[n]) for n in ("A", "B_y", "w", "w_y")}
            | {n: integer(one[n]) for n in ("z1", "z2")}
            | {"B_x": point(one["B_x"])}
            for one in pf
        ]


def jacobi(a, n):
    a, sign = a % n, 1
    while a:
        while a % 2 == 0:
            a //= 2
            if n % 8 in (3, 5):
                sign = -sign
        a, n = n, a
        if a % 4 == 3 and n % 4 == 3:
            sign = -sign
        a %= n
    return sign if n == 1 else 0


class Mod:
    kind = "mod"

    @staticmethod
    def challenge(ctx, N, w, k):
        return ctx.below(N, "mod", [natural(N), natural(w), k], [])

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        N, p, q_ = st["N"], wt["p"], wt["q"]
        phi = (p - 1) * (q_ - 1)
        w = unit(N, rng)
        if jacobi(w, N) == 1:
            w = w * next(c for c in range(2, 1000) if jacobi(c, N) == -1) % N
        roots = []
        for k in range(ctx.level.repetitions):
            y = Mod.challenge(ctx, N, w, k)
            for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
                v = (-1) ** a * w**b * y % N
                # Euler's criterion, modulo each prime.
                if pow(v, (p - 1) // 2, p) == 1 and pow(v, (q_ - 1) // 2, q_) == 1:
                    break
            x = pow(v, ((phi + 4) // 8) ** 2, N)
            roots.append({"x": x, "a": a == 1, "b": b == 1, "z": pow(y, pow(N, -1, phi), N)})
        return {"w": w, "roots": roots}

    @staticmethod
    def verify(ctx, rp, st, pf):
        N, w = st["N"], pf["w"]
        return N % 2 == 1 and pow(2, N - 1, N) != 1 and units(N, w) and jacobi(w, N) == -1 and all(
            units(N, y, one["x"], one["z"])
            and pow(one["z"], N, N) == y
            and pow(one["x"], 4, N) == (-1) ** one["a"] * w ** one["b"] * y % N
            for one, y in ((one, Mod.challenge(ctx, N, w, k)) for k, one in enumerate(pf["roots"]))
        )

    @staticmethod
    def encode(pf):
        roots = [one | {"x": natural(one["x"]), "z": natural(one["z"])} for one in pf["roots"]]
        return {"w": natural(pf["w"]), "roots": roots}


class Prm:
    """In the long form, (A, z), which is what is verified here; the letter holds (e, z)."""

    kind = "prm"

    @staticmethod
    def challenge(ctx, st, A):
        statement = [natural(st[n]) for n in ("N_hat", "s", "t")]
        return ctx.bits(ctx.level.repetitions, "prm", statement, [natural(A_k) for A_k in A])

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        a = [below(wt["phi"], rng) for _ in range(ctx.level.repetitions)]
        A = [pow(st["t"], a_k, st["N_hat"]) for a_k in a]
        e = Prm.challenge(ctx, st, A)
        z = [(a_k + e_k * wt["lambda"]) % wt["phi"] for a_k, e_k in zip(a, e, strict=True)]
        return {"A": A, "e": e, "z": z}

    @staticmethod
    def verify(ctx, rp, st, pf):
        N, s, t = st["N_hat"], st["s"], st["t"]
        e = Prm.challenge(ctx, st, pf["A"])
        return e == pf["e"] and units(N, s, t, *pf["A"]) and all(
            0 <= z_k < N and pow(t, z_k, N) == A_k * pow(s, e_k, N) % N
            for A_k, e_k, z_k in zip(pf["A"], e, pf["z"], strict=True)
        )

    @staticmethod
    def encode(pf):
        return {"e": pf["e"], "z": [natural(z_k) for z_k in pf["z"]]}


class Fac:
    kind = "fac"

    @staticmethod
    def challenge(ctx, rp, st, pf):
        commitments = [natural(pf[n]) for n in "PQABT"]
        return ctx.plus_minus(ctx.level.ell, "fac", rp.rp() + [natural(st["N0"])], commitments)

    @staticmethod
    def prove(ctx, rp, st, wt, rng):
        lv, N0, N_hat = ctx.level, st["N0"], rp.N_hat
        R, wide = math.isqrt(N0), 2 ** (lv.ell + lv.epsilon)
        alpha, beta = plus_minus(wide * R, rng), plus_minus(wide * R, rng)
        mu, nu = plus_minus(2**lv.ell * N_hat, rng), plus_minus(2**lv.ell * N_hat, rng)
        r = plus_minus(wide * N0 * N_hat, rng)
        x, y = plus_minus(wide * N_hat, rng), plus_minus(wide * N_hat, rng)
        Q = rp.com(wt["q"], nu)
        pf = {
            "P": rp.com(wt["p"], mu),
            "Q": Q,
            "A": rp.com(alpha, x),
            "B": rp.com(beta, y),
            "T": pow(Q, alpha, N_hat) * pow(rp.t, r, N_hat) % N_hat,
        }
        e = Fac.challenge(ctx, rp, st, pf)
        return pf | {
            "z1": alpha + e * wt["p"],
            "z2": beta + e * wt["q"],
            "w1": x + e * mu,
            "w2": y + e * nu,
            "v": r - e * nu * wt["p"],
        }

    @staticmethod
    def verify(ctx, rp, st, pf):
        lv, N0, N_hat, e = ctx.level, st["N0"], rp.N_hat, Fac.challenge(ctx, rp, st, pf)
        most = 2 ** (lv.ell + lv.epsilon) * math.isqrt(N0) // 2
        return (
            units(N_hat, *(pf[n] for n in "PQABT"))
            and abs(pf["z1"]) <= most
            and abs(pf["z2"]) <= most
            and rp.com(pf["z1"], pf["w1"]) == pf["A"] * pow(pf["P"], e, N_hat) % N_hat
            and rp.com(pf["z2"], pf["w2"]) == pf["B"] * pow(pf["Q"], e, N_hat) % N_hat
            and pow(pf["Q"], pf["z1"], N_hat) * pow(rp.t, pf["v"], N_hat) % N_hat
            == pf["T"] * pow(rp.s, N0 * e, N_hat) % N_hat
        )

    @staticmethod
    def encode(pf):
        out = {n: natural(pf[n]) for n in "PQABT"}
        return out | {n: integer(pf[n]) for n in ("z1", "z2", "w1", "w2", "v")}


# -------------------------------------------------------------------------------------------------- vectors


def shown(value):
    """Integers as hexadecimal digits with a sign, points and bytes as hexadecimal digits."""
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return point(value).hex()
    return format(value, "x") if isinstance(value, int) else value


def changed(pf):
    """The proof with its last answer one higher."""
    if isinstance(pf, list):
        return pf[:-1] + [changed(pf[-1])]
    if "roots" in pf:
        return pf | {"roots": changed(pf["roots"])}
    name = list(pf)[-1]
    return pf | {name: pf[name][:-1] + [pf[name][-1] + 1] if isinstance(pf[name], list) else pf[name] + 1}


def vector(proof, level, verifier, role, statement, witness, whole):
    seed = f"{proof.kind} {level.name}"
    ctx = Context(level, verifier.index if verifier else None, role)
    made = proof.prove(ctx, verifier, statement, witness, generator(seed))
    assert proof.verify(ctx, verifier, statement, made), seed
    assert not proof.verify(ctx, verifier, statement, changed(made)), seed
    encoded = cbor(proof.encode(made))
    return {
        "kind": proof.kind,
        "level": level.name,
        "verifier": ctx.verifier,
        "role": role,
        "seed": seed,
        "statement": shown(statement),
        "witness": shown(witness),
        # Those that are repeated 128 times are too long to be kept; their hash says as much.
        **({"proof": encoded.hex()} if whole else {}),
        "sha256": hashlib.sha256(encoded).hexdigest(),
    }


def paillier_vectors(level, party):
    rng = generator("paillier", level.name)
    N = party.N
    plaintexts = [0, 1, -1, q, -q, N // 2, -(N // 2)] + [plus_minus(2**1280, rng) for _ in range(3)]
    for x in plaintexts:
        r, factor = unit(N, rng), plus_minus(2**256, rng)
        C = enc(N, x, r)
        product = pow(C, factor, N * N)
        assert dec(party.p, party.q, C) == x and nonce_of(party.p, party.q, C) == r
        yield {
            "level": level.name,
            "x": shown(x),
            "r": shown(r),
            "C": shown(C),
            "factor": shown(factor),
            "product": shown(product),
            "product_plaintext": shown(dec(party.p, party.q, product)),
            "doubled": shown(C * C % (N * N)),
        }


def proof_vectors(level, prover, verifier, long):
    rng = generator("statements", level.name)
    N_i, N_j = prover.N, verifier.N

    x, b, y_key = (random_scalar(rng) for _ in range(3))
    x -= q if 2 * x > q else 0
    rho = unit(N_i, rng)
    A = mul(y_key, G)
    statement = {"N0": N_i, "C": enc(N_i, x, rho), "A": A, "B": mul(b, G), "X": plus(mul(b, A), mul(x, G))}
    yield vector(EncElg, level, verifier, "K", statement, {"x": x, "rho": rho, "b": b}, True)

    C = enc(N_j, random_scalar(rng), unit(N_j, rng))
    y = plus_minus(2**level.ell_prime, rng)
    rho, rho_y = unit(N_j, rng), unit(N_i, rng)
    D = pow(C, x, N_j**2) * enc(N_j, y, rho) % N_j**2
    affine = {"N_j": N_j, "N_i": N_i, "C": C, "D": D, "Y": enc(N_i, y, rho_y), "X": mul(x, G)}
    witness = {"x": x, "y": y, "rho": rho, "rho_y": rho_y}
    yield vector(AffG, level, verifier, "gamma", affine, witness, True)
    if long:
        yield vector(AffGStar, level, None, "gamma", affine, witness, False)

    lam, logarithm, base = (random_scalar(rng) for _ in range(3))
    h = mul(base, G)
    M = plus(mul(lam, A), mul(logarithm, G))
    statement = {"L": mul(lam, G), "M": M, "X": A, "Y": mul(logarithm, h), "h": h}
    yield vector(Elog, level, None, "Delta", statement, {"lambda": lam, "y": logarithm}, True)

    secret, tau = random_scalar(rng), random_scalar(rng)
    statement = {"X": mul(secret, G), "A": mul(tau, G)}
    yield vector(Sch, level, None, "share", statement, {"x": secret, "tau": tau}, True)

    yield vector(Fac, level, verifier, "N", {"N0": N_i}, {"p": prover.p, "q": prover.q}, True)
    if not long:
        return

    yield vector(Mod, level, None, "N", {"N": N_i}, {"p": prover.p, "q": prover.q}, False)
    parameters = {"N_hat": prover.N_hat, "s": prover.s, "t": prover.t}
    yield vector(Prm, level, None, "Nhat", parameters, {"lambda": prover.lam, "phi": prover.phi_hat}, False)

    K = enc(N_i, random_scalar(rng), unit(N_i, rng))
    D = enc(N_i, plus_minus(2**level.ell_prime, rng), unit(N_i, rng))
    sum_ = pow(K, x, N_i**2) * D % N_i**2
    y, rho = dec(prover.p, prover.q, sum_), nonce_of(prover.p, prover.q, sum_)
    statement = {"N": N_i, "K": K, "D": D, "X": mul(x, G), "S": mul(y, h), "base": h}
    yield vector(Dec, level, None, "delta", statement, {"x": x, "y": y, "rho": rho}, False)


def main():
    vectors = {"paillier": [], "pedersen": [], "proofs": []}
    for name, bits, long in (("TEST_ONLY-2048", 1024, True), ("cggmp24-3072", 1536, False)):
        level = Level(name, 2 * bits)
        with open(os.path.join(os.path.dirname(__file__), f"safe-primes-{bits}.json")) as file:
            primes = [int(digits, 16) for digits in json.load(file)]
        prover, verifier = Party(1, primes), Party(2, primes)
        vectors["paillier"] += paillier_vectors(level, prover)
        vectors["pedersen"] += [
            {"level": name, "party": party.index, "s": shown(party.s), "t": shown(party.t)}
            for party in (prover, verifier)
        ]
        vectors["proofs"] += proof_vectors(level, prover, verifier, long)
    print(json.dumps(vectors, indent=1))


main()

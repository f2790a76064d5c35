"""Fully connected autoencoders: the models that polyae trains itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from polyae.errors import NetworkError

__all__ = ["Autoencoder"]


def _linear(n_in: int, n_out: int, generator: torch.Generator, dtype: torch.dtype) -> nn.Linear:
    """Return a layer with PyTorch's usual uniform law, drawn from `generator` instead of the global state."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, n_in, n_out, dtype=dtype)
    bound = 1 / math.sqrt(n_in)
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer


def _activation(slope: float) -> nn.Module:
    return nn.ReLU() if slope == 0 else nn.LeakyReLU(slope)


def _layers(widths: Sequence[int], slope: float, generator: torch.Generator, dtype: torch.dtype) -> Iterator[nn.Module]:
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        if i:
            yield _activation(slope)
        yield _linear(n_in, n_out, generator, dtype)


class Autoencoder(nn.Module):
    """An encoder to the latent space followed by a decoder back to the data space.

    Parameters
    ----------
    encoder : nn.Sequential, taking (n, d) to (n, h)
    decoder : nn.Sequential, taking (n, h) to (n, d)
    """

    def __init__(self, encoder: nn.Sequential, decoder: nn.Sequential) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    @classmethod
    def from_widths(
        cls,
        data_dim: int,
        hidden: Sequence[int] = (64, 32),
        latent_dim: int = 2,
        *,
        decoder_hidden: Sequence[int] | None = None,
        slope: float = 0.0,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ) -> Autoencoder:
        """Build a fully connected autoencoder with linear outputs on both sides.

        Parameters
        ----------
        data_dim, latent_dim : int
            Dimensions d and h.
        hidden : sequence of int
            Widths of the encoder's hidden layers.
        decoder_hidden : sequence of int, optional
            Widths of the decoder's hidden layers; `hidden` reversed by default.
        slope : float
            Slope of the units that are off: 0 is a ReLU, -1 the absolute value.
        seed : int
            Seed of the initial weights. The global random state is neither read nor changed.
        dtype : torch.dtype

        Raises
        ------
        NetworkError
            If a width is not a positive integer.

        Examples
        --------
        >>> model = Autoencoder.from_widths(5, hidden=(4, 3), latent_dim=2)
        >>> [tuple(p.shape) for p in model.decoder.parameters()]
        [(3, 2), (3,), (4, 3), (4,), (5, 4), (5,)]
        """
        behind = tuple(reversed(hidden)) if decoder_hidden is None else tuple(decoder_hidden)
        widths = ((data_dim, *hidden, latent_dim), (latent_dim, *behind, data_dim))
        for width in (*widths[0], *widths[1]):
            if not isinstance(width, int) or width < 1:
                raise NetworkError(f"every width of an autoencoder is a positive integer, got {width!r}")
        generator = torch.Generator().manual_seed(seed)
        encoder, decoder = (nn.Sequential(*_layers(w, slope, generator, dtype)) for w in widths)
        return cls(encoder, decoder)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct data of shape (n, d)."""
        reconstruction: Tensor = self.decoder(self.encoder(x))
        return reconstruction

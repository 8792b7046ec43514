"""From where on a measure speaks against a candidate. Light: the stage takes these as parameters."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Vetting(BaseModel):
    """From where on a measure speaks against a candidate; the defaults are choices of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    odd_even_sigma: float = Field(3.0, gt=0, description="odd_even: least difference of the depths, in its errors")
    odd_even_share: float = Field(0.1, ge=0, le=1, description="odd_even: and as a share of the deeper one")
    secondary_sigma: float = Field(5.0, gt=0, description="secondary: least depth in its errors")
    secondary_share: float = Field(
        0.1, ge=0, le=1, description="secondary: and as a share of the transit's; hot planets have less"
    )
    bumps_sigma: float = Field(5.0, gt=0, description="bumps: least height in its errors")
    bumps_share: float = Field(0.5, ge=0, description="bumps: and as a share of the transit's depth")
    strongest_share: float = Field(
        0.5, ge=0, le=1, description="single_transit: S/N without the deepest transit below this share of the whole"
    )
    sinusoidal_sigma: float = Field(10.0, gt=0, description="sinusoidal: least amplitude in its errors")
    sinusoidal_share: float = Field(0.25, ge=0, description="sinusoidal: and as a share of the transit's depth")
    stellar_power: float = Field(
        0.3, ge=0, le=1, description="stellar_period: least share of the star's scatter that a sine explains"
    )
    stellar_share: float = Field(
        0.5, ge=0, description="stellar_period: and least amplitude of that as a share of the transit's depth"
    )
    v_shaped_share: float = Field(
        0.3, gt=0, le=0.5, description="v_shaped: least ingress as a share of the duration; 0.5 is a V"
    )
    v_shaped_snr: float = Field(15.0, gt=0, description="v_shaped: least S/N at which the shape is judged")
    v_shaped_samples: float = Field(4.0, gt=0, description="v_shaped: and least samples in the ingress and egress")

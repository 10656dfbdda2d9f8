"""A sample of the units of a layer."""

from __future__ import annotations

from featurelens.service.openapi.samples import MODEL, SUCCEEDED
from featurelens.service.schemas.layer_units import LayerUnits, UnitPicture, UnitPictures

LAYER_UNITS = LayerUnits(
    model=MODEL.name,
    layer="logits",
    total=3,
    units=[
        UnitPictures(
            channel=2,
            label="checks",
            positive=UnitPicture(
                key=SUCCEEDED.key,
                image=SUCCEEDED.links.image or "",
                activation=8.21,
                steps=SUCCEEDED.spec.steps,
                seed=SUCCEEDED.spec.seed,
                objective="channel",
            ),
        )
    ],
    next=None,
    complete=True,
)

"""What the operations of the document are about, in the order in which people meet it."""

from __future__ import annotations

TAGS = [
    {"name": name, "description": description}
    for name, description in {
        "visualizations": "What makes a unit fire: pictures made by optimizing the input of a network.",
        "sweeps": "Many pictures asked for at once: channels, signs and seeds of one layer.",
        "photos": "Photographs, uploaded to be looked at by a network.",
        "activations": "What a network sees in a photograph, layer by layer, and its feature maps as pictures.",
        "maps": "All feature maps of one layer for one photograph, as numbers.",
        "attributions": "Which pixels of a photograph made a unit fire.",
        "filters": "The weights that make a unit.",
        "scans": "What all units of some layers say to all images of a data set; examples and spectra of a unit.",
        "comparisons": "How a picture compares with the images that excite its unit most, layer by layer.",
        "jobs": "What is common to jobs of all kinds.",
        "datasets": "The data sets there are to scan.",
        "models": "The networks, layers and units there are to look at.",
        "health": "Whether everything is there that is needed, and how busy it is.",
    }.items()
]

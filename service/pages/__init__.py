"""The microscope: web pages for people who study a network. `static/` is what a browser gets; the pages ask `/v1`."""

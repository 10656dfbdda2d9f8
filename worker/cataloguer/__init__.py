"""The process that tells what can be pictured: which networks there are, and the layers of those that are asked for."""

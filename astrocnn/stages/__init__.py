"""The stages, one file each: parameters, inputs, outputs, and the few lines that call the science."""

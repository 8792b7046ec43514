"""From a pipeline file to products: checked configuration, graph, plan, run, and the store they stand in."""

"""Models: embedding or linear map, blocks of cells, read-out; their files; and PyTorch's own layers."""

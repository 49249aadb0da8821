"""A folder of pictures -> a model and a row each, on this machine or on a cluster; nothing finished is ever lost."""

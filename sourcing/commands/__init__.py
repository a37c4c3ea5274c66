"""The commands, by what a person does: fill the base, find in it, measure, serve."""

"""The command `video-mockserver`: a module for each subcommand; `main` puts them together."""

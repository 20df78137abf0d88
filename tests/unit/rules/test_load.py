"""Loading rule files: right ones give plans, wrong ones all that is wrong."""

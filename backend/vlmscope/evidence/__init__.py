"""What many cases show of variants: suites of questions, their answers judged, and accuracy."""

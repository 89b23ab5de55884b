"""From ink to reward: a code's life and the consumer who scans it. Knows nobody."""

"""What breaks in production, done to running servers: nothing crashes, nothing leaks, no answer is another one's."""

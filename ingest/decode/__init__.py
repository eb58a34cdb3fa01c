"""Pure decoding: bytes to checked events at the door, events to rows and documents at landing."""

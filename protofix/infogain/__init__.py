"""The heart: chains, their fusing, the infogain matrix H, the maths and the proof."""

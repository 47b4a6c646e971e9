"""Questions about what was recorded, asked of log directories and sites alike."""

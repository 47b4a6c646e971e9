"""What hosts of sites take: builds and `reportgen publish` warn of what is over it."""

MOST_FILE_BYTES = 100 * 2**20  # that GitHub takes
MOST_SITE_BYTES = 10**9  # that GitHub Pages publishes
MOST_SITE_FILES = 50_000  # docs/hosting.md says why

"""What secrets look like: the names they go by, and values that are secrets whatever they are called.

The recorder looks for them in command lines, builds in everything. Both are patterns as text, for those who compile.
"""

# Of the names of options and variables: `--api-key`, `PGPASSWORD`, `authToken`, but not `--author`, `--tokenizer`,
# `--n-tokens`, `--max_token`, `--passes`, `--keyboard` or `--no-auth`.
SECRET_NAME = (
    r"pass(?:word|wd|phrase|code)|secret|credential|authori[sz]ation|(?<![a-z])(?:creds?|bearer|cookie)(?![a-z])"
    r"|(?<![a-z])(?:ssh)?pass(?![a-z]|[-_]through)|pwd(?![a-z])|(?<![a-z])o?auth(?![a-z])"
    r"|(?<!max[-_])(?<!min[-_])(?<!num[-_])(?<!\bn[-_])(?<!_n_)token(?![a-z]|[-_](?:limit|count))"
    r"|(?<![a-z])sig(?:nature)?(?![a-z])"
    r"|(?:api|access|private|auth|account|encryption|signing|shared|master|session|storage|license)[-_]?key(?![a-z])"
)

# GitHub, GitLab, Slack, Hugging Face, AWS, OpenAI and their like, Stripe, npm, PyPI, Google, SendGrid, DigitalOcean,
# Docker, Databricks, Grafana, Vault, Shopify, age; JSON web tokens.
SECRET_VALUE = (
    r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|xapp-|hf_|AKIA|ASIA|sk-|[sr]k_live_|whsec_|npm_|pypi-|AIza|ya29\."
    r"|SG\.|do[opr]_v1_|dckr_pat_|dapi|glsa_|hv[sb]\.|shp(?:at|ss|ca|pa)_|AGE-SECRET-KEY-1)(?=[\w.-]*\d)[\w.-]{12,}"
    r"|\beyJ[\w-]{8,}[\w.-]*"
)

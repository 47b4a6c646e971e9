"""Gates: rules that runs must meet, and what runs are compared with."""

from reportgen.gates.baselines import Baseline, choose_runs, find_baseline
from reportgen.gates.judging import Verdict, judge_runs
from reportgen.gates.rules import Rule, check_rules, parse_rule

__all__ = ["Baseline", "Rule", "Verdict", "check_rules", "choose_runs", "find_baseline", "judge_runs", "parse_rule"]

"""Which read answers with the version that a command's If-Match must name: the API's document says so at both ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_REQUESTS = ("review_target_adjustment", "approve_target_adjustment", "refuse_target_adjustment")
_YEAR = ("move_assessment_year", "issue_target_tables")
_GROUPS = ("set_year_peer_group", "add_peer_group_member", "remove_peer_group_member")
VERSIONS: Mapping[str, Sequence[str]] = {
    "get_unit": ("rename_responsible_unit", "move_responsible_unit", "end_responsible_unit"),
    "list_posts": ("leave_unit_post",),
    "list_peer_groups": _GROUPS,
    "get_peer_group": _GROUPS,
    "get_year": _YEAR,
    "list_target_tables": _YEAR,
    "list_locks": ("lock_year_month", "unlock_year_month"),
    "get_adjustment_cut_off": ("set_adjustment_cut_off",),
    "list_weights": ("set_year_weight_rule",),
    "list_catalogue_additions": ("withdraw_catalogue_addition",),
    "list_alignment_matches": ("revoke_alignment_match", "decide_alignment_outcome"),
    "get_target": ("adjust_year_target", "withdraw_year_target", *_REQUESTS),
    "get_adjustment_request": _REQUESTS,
    "list_assignments": (
        "assign_year_target", "hand_over_assignment", "break_down_assignment", "state_target_decomposition",
        "state_part_decomposition",
    ),
    "get_letter_template": ("replace_letter_template",),
}  # fmt: skip
"""By the operation that reads, those whose If-Match takes its ETag."""

"""Projects: key projects, and the door through which all progress comes in.

It owns project groups, projects and sub-projects, their yearly plans, changes of plan and starts, and it takes
progress submissions for projects and for targets alike. It publishes `jikao.group.*`, `jikao.project.*` and
`jikao.project-plan.*` facts through its outbox, and `jikao.progress.submitted.v1` straight to the log. It listens
to the registry facts of the target service: units, sources, years, targets, assignments, locks.

What is computed from entries (completion, who has not reported, what came of a submission) is evaluation's.
"""

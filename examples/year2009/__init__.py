"""The year 2009 of Xiangtan (430300) as data: what the demo plays and what it must find again."""

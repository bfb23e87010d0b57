-- One database and one owner for each service that has facts or read models: none of them reaches another's tables.
-- Run once by an administrator; the passwords come from the environment, so that none is written down here:
--
--   JIKAO_TARGETS_PASSWORD=… JIKAO_PROJECTS_PASSWORD=… JIKAO_EVALUATION_PASSWORD=… psql -f databases.sql
--
-- The encoding and the locale matter: names are Chinese, and codes must sort by bytes as they do on every other machine.

\set ON_ERROR_STOP on

\getenv targets_password JIKAO_TARGETS_PASSWORD
\getenv projects_password JIKAO_PROJECTS_PASSWORD
\getenv evaluation_password JIKAO_EVALUATION_PASSWORD

CREATE ROLE jikao_targets LOGIN PASSWORD :'targets_password';
CREATE ROLE jikao_projects LOGIN PASSWORD :'projects_password';
CREATE ROLE jikao_evaluation LOGIN PASSWORD :'evaluation_password';

CREATE DATABASE jikao_targets OWNER jikao_targets TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
CREATE DATABASE jikao_projects OWNER jikao_projects TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
CREATE DATABASE jikao_evaluation OWNER jikao_evaluation TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';

REVOKE ALL ON DATABASE jikao_targets, jikao_projects, jikao_evaluation FROM PUBLIC;

-- The common questions. Statuses: succeeded, failed, cached, up_to_date, lost.
CREATE INDEX job_by_id ON job(run_id, id);
CREATE INDEX job_by_rule ON job(rule);
CREATE INDEX file_by_path ON file(path);
CREATE INDEX file_by_digest ON file(digest);

CREATE VIEW who_made AS
SELECT f.path, f.digest, f.size_bytes, f.kind, j.run_id, j.id AS job_id, j.rule, j.wildcards, j.status, j.attempt,
       j.started, j.ended, i.reference AS image, i.digest AS image_digest, j.environment, r.user
FROM file f
JOIN job j ON j.run_id = f.run_id AND j.id = f.owner
JOIN run r ON r.id = j.run_id
LEFT JOIN image i ON i.id = j.image
WHERE f.field IN ('outputs', 'members', 'undeclared_outputs') AND j.status IN ('succeeded', 'cached', 'up_to_date');

CREATE VIEW used_by AS
SELECT f.path, f.digest, j.run_id, j.id AS job_id, j.rule, j.wildcards, j.status, j.started
FROM file f
JOIN job j ON j.run_id = f.run_id AND j.id = f.owner
WHERE f.field IN ('inputs', 'undeclared_inputs');

CREATE VIEW software_of_jobs AS
SELECT j.run_id, j.id AS job_id, j.rule, p.manager, p.name, p.version, p.origin
FROM job j
JOIN package p ON p.owner = j.environment;

CREATE VIEW imports_of_jobs AS
SELECT j.run_id, j.id AS job_id, j.rule, m.name, m.version, m.distribution, m.from_host
FROM job j
JOIN module m ON m.owner = j.imports;

CREATE VIEW unseeded_jobs AS
SELECT j.run_id, j.id AS job_id, j.rule, j.wildcards, d.source, d."where", COUNT(*) AS draws
FROM draw d
JOIN job j ON j.run_id = d.run_id AND j.id = d.owner
WHERE d.kind = 'unseeded'
GROUP BY j.run_id, j.id, j.rule, j.wildcards, d.source, d."where";

CREATE VIEW failed_attempts AS
SELECT run_id, id AS job_id, rule, wildcards, attempt, status, exit_code, error, log_tail, started, ended, hardware
FROM job
WHERE status IN ('failed', 'lost');

CREATE VIEW resources_of_rules AS
SELECT run_id, rule, COUNT(*) AS attempts, SUM(status IN ('failed', 'lost')) AS failed,
       SUM(usage_wall_s) AS wall_s, MAX(usage_wall_s) AS longest_s,
       SUM(usage_cpu_user_s + usage_cpu_system_s) AS cpu_s, MAX(usage_max_rss_bytes) AS max_rss_bytes,
       MAX(threads) AS threads
FROM job
WHERE status IN ('succeeded', 'failed', 'lost')
GROUP BY run_id, rule;

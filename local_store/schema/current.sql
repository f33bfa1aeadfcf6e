-- What a reader sees. `least` is what a row of a patient must be to be shown (local_store.lease): a patient
-- stays listed wherever the practice wrote something, so that nobody reads words without whose they are.
CREATE TEMP VIEW visible AS
SELECT p.*, CASE
  WHEN p.own OR p.kind IN ('directory', 'practice') THEN 0 ELSE least()
END AS least
FROM main.compartment AS p
WHERE p.term <> '' AND p.purging IS NULL AND (p.until_ms IS NULL OR p.until_ms > now_ms());

CREATE TEMP VIEW shown AS
SELECT c.n, s.owner, s.rtype, c.id, c.at, c.restore, c.k, c.body
FROM main.shelf AS s CROSS JOIN main.confirmed AS c
WHERE c.n >= s.shelf << 24 AND c.n < (s.shelf + 1) << 24
AND EXISTS (SELECT 1 FROM visible AS v WHERE v.n = c.compartment AND v.least <= c.own);

CREATE TEMP VIEW listed AS
SELECT p.* FROM main.patient AS p
WHERE EXISTS (SELECT 1 FROM visible AS v WHERE v.n = p.compartment AND (v.least = 0 OR v.least = 1 AND (
  EXISTS (
    SELECT 1 FROM main.shelf AS s CROSS JOIN main.confirmed AS c
    WHERE s.owner = p.owner AND c.n >= s.shelf << 24 AND c.n < (s.shelf + 1) << 24 AND c.own = 1
    AND EXISTS (SELECT 1 FROM visible AS w WHERE w.n = c.compartment)
  )
  OR EXISTS (SELECT 1 FROM work.op AS o WHERE o.owner = p.owner AND o.live = 1 AND o.kind = 'create')
)));

CREATE TEMP VIEW standing AS
SELECT o.* FROM work.op AS o
WHERE o.live = 1
AND NOT (o.state = 'acked' AND EXISTS (
  SELECT 1 FROM main.shelf AS s CROSS JOIN main.confirmed AS c
  WHERE s.owner = o.owner AND s.rtype = o.rtype AND c.shelf = s.shelf AND c.id = o.id
  AND (c.restore, c.k) >= (o.restore, o.k)
));

CREATE TEMP VIEW concealed AS
SELECT s.owner, s.rtype, c.id
FROM main.shelf AS s CROSS JOIN main.confirmed AS c
WHERE c.shelf = s.shelf
AND NOT EXISTS (SELECT 1 FROM visible AS v WHERE v.n = c.compartment AND v.least <= c.own);

CREATE TEMP VIEW newest AS
SELECT o.* FROM standing AS o
WHERE NOT EXISTS (
  SELECT 1 FROM standing AS later
  WHERE later.owner = o.owner AND later.rtype = o.rtype AND later.id = o.id AND later.n > o.n
)
AND (
  EXISTS (SELECT 1 FROM visible AS v WHERE v.owner = o.owner)
  OR NOT EXISTS (SELECT 1 FROM main.compartment AS p WHERE p.owner = o.owner)
)
AND NOT (o.kind = 'change' AND EXISTS (
  SELECT 1 FROM concealed AS h WHERE h.owner = o.owner AND h.rtype = o.rtype AND h.id = o.id
));

CREATE TEMP VIEW current AS
SELECT
  c.owner AS owner, c.rtype AS rtype, c.id AS id, c.at AS at, c.restore AS restore, c.k AS k,
  'confirmed' AS state, '' AS op_id, c.body AS body, NULL AS shows
FROM shown AS c
WHERE NOT EXISTS (
  SELECT 1 FROM standing AS o
  WHERE o.owner = c.owner AND o.rtype = c.rtype AND o.id = c.id
)
UNION ALL
SELECT
  o.owner, o.rtype, o.id, coalesce(nullif(o.sort_at, ''), c.at, ''),
  coalesce(c.restore, 0), coalesce(c.k, 0), o.state, o.op_id, c.body,
  CASE
    WHEN o.state = 'refused' AND c.n IS NOT NULL AND (c.restore, c.k) > (o.base_restore, o.base_k)
    THEN NULL ELSE o.shows
  END
FROM newest AS o
LEFT JOIN main.shelf AS s ON s.owner = o.owner AND s.rtype = o.rtype
LEFT JOIN main.confirmed AS c ON c.shelf = s.shelf AND c.id = o.id
AND EXISTS (SELECT 1 FROM visible AS v WHERE v.n = c.compartment AND v.least <= c.own)
WHERE o.shows IS NOT NULL OR c.n IS NOT NULL

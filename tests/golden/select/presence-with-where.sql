SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "place" AS "place",
  "line" AS "line",
  "product" AS "product",
  "riders" AS "riders",
  "ends_at" AS "ends_at"
FROM events
WHERE
  "kind" IN ('incident', 'tap')
  AND (
    (
      (
        "product" = 'day' OR CONTAINS("product", '﷑')
      )
      AND (
        "riders" < 3
        OR (
          "riders" >= 100000000000000000 OR "riders" <= -100000000000000000
        )
      )
    )
    OR "kind" = 'incident'
  )

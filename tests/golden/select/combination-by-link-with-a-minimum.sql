SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "item" AS "item",
  "category" AS "category",
  "quantity" AS "quantity",
  "country" AS "country",
  "link.card" AS "link.card"
FROM events
WHERE
  "kind" IN ('purchase')
  AND (
    "item" IN ('V-1', 'V-2', 'T-1', 'it''s a timer')
    OR LEFT("category", 4) IN ('0511')
    OR LEFT("category", 6) IN ('051203')
  )
  AND (
    "country" IN ('DE', 'FR') OR CONTAINS("country", '﷑')
  )

SELECT
  "event_id" AS "event_id",
  "occurred_at" AS "occurred_at",
  "kind" AS "kind",
  "account" AS "account",
  "quantity" AS "quantity",
  "amount_minor" AS "amount_minor",
  "riders" AS "riders"
FROM events
WHERE
  "kind" IN ('purchase')
  AND (
    (
      (
        "riders" >= 2
        OR (
          "riders" >= 100000000000000000 OR "riders" <= -100000000000000000
        )
      )
      AND (
        "riders" <= 90
        OR (
          "riders" >= 100000000000000000 OR "riders" <= -100000000000000000
        )
      )
    )
    OR (
      "amount_minor" < (
        -1.5
      )
      OR (
        "amount_minor" >= 100000000000000000 OR "amount_minor" <= -100000000000000000
      )
    )
    OR (
      "riders" = 120
      OR (
        "riders" >= 100000000000000000 OR "riders" <= -100000000000000000
      )
    )
  )

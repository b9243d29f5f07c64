-- Undoes 0009.catalogue-details.
-- depends: 0008.outbox

select 1;

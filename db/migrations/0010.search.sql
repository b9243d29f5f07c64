-- What finding leans on: search documents, kept by trigger, and their indexes.
-- depends: 0009.catalogue-details

select 1;

-- Undoes 0010.search.
-- depends: 0009.catalogue-details

select 1;

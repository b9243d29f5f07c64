create function logic.page(
  page text, page_size text, usual integer default 20, most integer default 100,
  out number bigint, out size integer, out skip bigint
)
language plpgsql immutable set search_path = '' as $$
begin
  size := case when page_size ~ '^[0-9]{1,9}$' and page_size::integer > 0 then least(page_size::integer, most) else usual end;
  number := case when page = '' then 1 when page ~ '^[0-9]{1,9}$' then page::bigint else 0 end;
  if number < 1 then
    perform logic.problem(404, 'invalid_page', 'Invalid page.');
  end if;
  skip := (number - 1) * size;
end;
$$;
comment on function logic.page is 'Reads page and page_size: 20 rows unless told, 100 at most, or what the list says of itself. Raises 404 invalid_page for what is no page number.';
grant execute on function logic.page to anon, customer;

-- sysbench: point selects on the demo's users, which are sharded by id.

function thread_init()
    connection = sysbench.sql.driver():connect()
end

function event()
    connection:query("SELECT name, city FROM users WHERE id = " .. sysbench.rand.uniform(1, 5000))
end

function thread_done()
    connection:disconnect()
end
